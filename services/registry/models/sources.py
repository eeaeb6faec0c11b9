"""Where a version's files may come from: a run, a logged model, another version, or storage the server never opens.

A source that names something of ours must lie inside the run or logged model that the request names: otherwise a
version could hand out files that its author may not read. Pure: what the names stand for is passed in.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal, NoReturn
from urllib.parse import unquote_plus, urlsplit

from services.contracts.errors import Invalid
from services.registry.locations import check_host, fully_decoded

PROMPT_SOURCES = frozenset({"dummy-source", "prompt-template"})
"""What MLflow's prompt registry writes where models have a source."""

_ARTIFACT_ROUTE = ("api", "2.0", "mlflow-artifacts", "artifacts")


@dataclass(frozen=True, slots=True)
class ModelUri:
    """`models:/ID`, `models:/NAME/VERSION`, `models:/NAME/STAGE`, `models:/NAME/latest` or `models:/NAME@ALIAS`."""

    kind: Literal["id", "version", "stage", "latest", "alias"]
    name: str
    suffix: str = ""


def scheme_of(source: str) -> str:
    try:
        return urlsplit(source).scheme
    except ValueError:
        raise Invalid(f"Invalid model version source: '{source}'.", field="source") from None


def parse_model_uri(source: str) -> ModelUri:
    """Raises Invalid for what is no `models:` URI, or one of another registry."""
    parts = urlsplit(source, allow_fragments=False)
    path = parts.path
    if parts.scheme != "models" or parts.netloc or not path.startswith("/") or len(path) <= 1:
        _refuse(source, "model_id")
    pieces = path.lstrip("/").split("/")
    if len(pieces) > 2 or not pieces[0].strip():
        _refuse(source, "model_id")
    if len(pieces) == 2:
        name, suffix = pieces
        if not suffix.strip():
            _refuse(source, "model_id")
        if suffix.isdigit():
            return ModelUri("version", name, suffix)
        if suffix.lower() == "latest":
            return ModelUri("latest", name)
        return ModelUri("stage", name, suffix)
    name, at, alias = pieces[0].rpartition("@")
    if at:
        if not alias.strip():
            _refuse(source, "model_id")
        return ModelUri("alias", name, alias)
    return ModelUri("id", pieces[0])


def check_source(source: str, *, run_id: str, run_root: str | None, model_id: str, model_root: str | None) -> None:
    """Raises Invalid unless `source` is outside storage, or inside the run or logged model that the request names.

    `run_root` and `model_root` are their artifact locations, None where there is no such run or model.
    """
    check_host(source, "source")
    owner = "model_id" if model_id else "run_id"
    root = model_root if model_id else run_root
    if is_local(source):
        _check_local(source, owner, root, named=bool(model_id or run_id))
        return
    _check_path(source)
    parts = urlsplit(source)
    if parts.scheme == "runs":
        if model_id or parts.netloc or not run_id or run_of(source) != run_id:
            _refuse(source, owner)
        return
    if parts.scheme == "models":
        uri = parse_model_uri(source)
        if uri.kind == "id" and (not model_id or uri.name != model_id):
            _refuse(source, "model_id")
        return
    if is_ours(source) and (root is None or not is_within(source, root)):
        _refuse(source, owner)


def _check_local(source: str, owner: str, root: str | None, *, named: bool) -> None:
    """A path on somebody's machine, which is never opened here, lies in the directory of the run or model it is of."""
    host = urlsplit(source).hostname or "."
    if host != "." and not host.startswith(("localhost", "127.0.0.1")):
        raise Invalid(
            f"{source} is not a valid remote uri. For remote access on windows, please consider using a different "
            "scheme such as SMB (e.g. smb://<hostname>/<path>).",
            field="source",
        )
    if named and root is None:
        _refuse(source, owner)
    path = _local_path(source)
    if root is None or not is_local(root) or not path.is_relative_to(_local_path(root)):
        raise Invalid(
            f"Invalid model version source: '{path if named else source}'. To use a local path as a model version "
            f"source, the {owner} request parameter has to be specified and the local path has to be contained within "
            f"the artifact directory of the run specified by the {owner}.",
            field="source",
        )


def _local_path(location: str) -> PurePosixPath:
    """Without `.` and `..`, in no encoding. A relative one lies nowhere."""
    path = urlsplit(location).path if location.startswith("file:") else location
    return PurePosixPath(posixpath.normpath(fully_decoded(path)))


def run_of(source: str) -> str:
    """The run that a `runs:/` URI names."""
    return urlsplit(source).path.lstrip("/").partition("/")[0]


def run_path_of(source: str) -> str:
    return urlsplit(source).path.lstrip("/").partition("/")[2]


def is_local(source: str) -> bool:
    parts = urlsplit(source)
    return parts.scheme in ("", "file")


def is_ours(source: str) -> bool:
    """Whether the source is served by an MLflow artifact server, such as this one."""
    scheme, _, path = _parts(source)
    if scheme == "mlflow-artifacts":
        return True
    windows = (path[start : start + len(_ARTIFACT_ROUTE)] for start in range(len(path)))
    return scheme in ("http", "https") and any(window == _ARTIFACT_ROUTE for window in windows)


def is_within(source: str, root: str) -> bool:
    scheme, authority, path = _parts(source)
    root_scheme, root_authority, root_path = _parts(root)
    same_place = (scheme, authority) == (root_scheme, root_authority)
    return same_place and bool(root_path) and path[: len(root_path)] == root_path


def _parts(uri: str) -> tuple[str, str, tuple[str, ...]]:
    parts = urlsplit(uri)
    return (
        parts.scheme.lower(),
        parts.netloc.lower(),
        tuple(fully_decoded(piece) for piece in parts.path.split("/") if piece),
    )


def _check_path(source: str) -> None:
    """No way up, in any encoding."""
    text = source
    while (decoded := unquote_plus(text)) != text:
        text = decoded
    path = re.sub(r"/+", "/", urlsplit(text).path.rstrip("/"))
    pieces = path.split("/")
    if "\0" in path or ".." in text.split("/") or "." in pieces or not path.startswith("/"):
        raise Invalid(
            f"Invalid model version source: '{source}'. If supplying a source as an http, https, local file path, "
            "ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path "
            "references present. Please provide an absolute path.",
            field="source",
        )


def _refuse(source: str, parameter: str) -> NoReturn:
    raise Invalid(
        f"Invalid model version source: '{source}'. The {parameter} request parameter must identify the resource "
        "that contains the source.",
        field="source",
    )
