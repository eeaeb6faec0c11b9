"""Which paths artifacts may have, and where their content lies. No path leads out, in any encoding."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

import msgspec

from services.contracts.errors import Invalid
from services.registry.values import Aggregate

MAX_PATH = 3000
"""Bytes of a path, percent-encoded: it is part of an event's subject, which NATS limits to one line of 4 KB."""
MAX_DECODINGS = 10
SCHEMES = ("mlflow-artifacts",)
_REFUSED = re.compile("[\x00-\x08\x0a-\x1f\x7f#\ud800-\udfff]")
"""Control characters but the tab, which is cut out as MLflow's client does; half characters, and what ends a path."""


class Artifact(Aggregate, frozen=True, kw_only=True):
    """A file. `id` is its path, `directory` the part before the last slash; `gone` once it is deleted."""

    directory: str
    name: str
    size: int
    sha256: str
    stored: int
    gone: bool = False


class Entry(msgspec.Struct, frozen=True):
    """A line of a directory listing; `size` is None for a directory."""

    name: str
    size: int | None

    @property
    def is_dir(self) -> bool:
        return self.size is None


class Item(msgspec.Struct, frozen=True):
    """A file with what is known of it, or a directory, of which only the name is."""

    name: str
    size: int | None = None
    sha256: str | None = None
    stored: int | None = None


def clean_path(path: str) -> str:
    """The path as it is kept: relative, `/` between names. Raises Invalid for one that leads elsewhere.

    It is decoded until nothing changes any more, as a proxy or another server might; the result is what counts.
    """
    decoded = path.replace("\t", "")
    for _ in range(MAX_DECODINGS):
        again = unquote(decoded)
        if again == decoded:
            break
        decoded = again
    else:
        raise _bad(path)
    pieces = decoded.split("/")
    if (
        _REFUSED.search(decoded)
        or decoded.startswith(("/", "\\"))
        or any(_leads_up(name) for name in re.split(r"[/\\]", decoded))  # elsewhere a backslash parts names too
        or _is_windows_absolute(decoded)
        or _has_scheme(decoded)
        or len(quote(decoded)) > MAX_PATH
    ):
        raise _bad(path)
    return "/".join(piece for piece in pieces if piece not in ("", "."))


def _leads_up(name: str) -> bool:
    """Also what other servers make `..` of: they cut off spaces, or what follows a semicolon."""
    return name.partition(";")[0].strip() == ".."


def file_path(path: str) -> str:
    """The path of a file: as `clean_path`, and not empty."""
    cleaned = clean_path(path)
    if not cleaned or path.endswith("/"):
        raise _bad(path)
    return cleaned


def _bad(path: str) -> Invalid:
    return Invalid("Invalid path", field="path", fix=f"Use a relative path with forward slashes, not {path[:100]!r}.")


def _is_windows_absolute(path: str) -> bool:
    return len(path) >= 3 and path[1] == ":" and path[0].isascii() and path[0].isalpha() and path[2] in "/\\"


def _has_scheme(path: str) -> bool:
    return path.lower().startswith("file:")


def split(path: str) -> tuple[str, str]:
    """Directory ("" is the root) and name."""
    directory, _, name = path.rpartition("/")
    return directory, name


def ancestors(path: str) -> list[str]:
    """The directories that lead to a file, outermost first, without the root."""
    pieces = path.split("/")[:-1]
    return ["/".join(pieces[: number + 1]) for number in range(len(pieces))]


def served_path(location: str) -> str | None:
    """The path below our artifact root that an artifact location of ours stands for; None for storage elsewhere."""
    parts = urlsplit(location)
    if parts.scheme not in SCHEMES or parts.netloc:
        return None
    return clean_path(parts.path.lstrip("/"))


def joined(*pieces: str) -> str:
    return "/".join(piece.strip("/") for piece in pieces if piece.strip("/"))


def blob_key(sha256: str) -> str:
    """Where content lies in the object store."""
    return f"sha256/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def etag(sha256: str) -> str:
    return f'"{sha256}"'


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """The first byte and the one after the last of a `Range` header with one range; None: send the whole.

    Raises Invalid with code RANGE_NOT_SATISFIABLE for one beyond the end.
    """
    unit, _, spec = header.partition("=")
    first, dash, last = spec.strip().partition("-")
    if unit.strip().lower() != "bytes" or not dash or "," in spec:
        return None
    if (not first.isdigit() and not (first == "" and last.isdigit())) or (last and not last.isdigit()):
        return None
    if first == "":
        start, end = max(size - int(last), 0), size
        if int(last) == 0:
            raise _unsatisfiable(size)
    else:
        start = int(first)
        end = min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= size:
        raise _unsatisfiable(size)
    return start, end


def _unsatisfiable(size: int) -> Invalid:
    return Invalid(f"the range lies outside of the {size} bytes", code="RANGE_NOT_SATISFIABLE", field="Range")
