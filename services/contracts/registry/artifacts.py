"""The files of runs and model versions: events, and requests that list them and look into them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.contracts.base import Event, Message, Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.paging import Page, Paging

PREVIEW_BYTES = 64 * 1024
"""Of a text's beginning, unless another number is asked for."""
MOST_PREVIEW_BYTES = 256 * 1024
"""Of a text's beginning at most; JSON up to this size is shown whole."""
IMAGE_BYTES = 1024 * 1024
"""Larger images aren't previewed."""
TABLE_ROWS = 100
TABLE_COLUMNS = 50

PreviewKind = Literal["text", "json", "table", "image", "binary", "too_large"]


class ArtifactStored(Event, frozen=True, kw_only=True):
    """A file was uploaded below a run or logged model; `sha256` is its content address."""

    service = "registry"
    aggregate = "artifact"
    name = "stored"
    key = ("path",)

    path: str
    size: int
    sha256: str


class ArtifactRemoved(Event, frozen=True, kw_only=True):
    """The file is gone from its path; its content stays while another path has it."""

    service = "registry"
    aggregate = "artifact"
    name = "removed"
    key = ("path",)

    path: str


class ArtifactOwner(Message, frozen=True, kw_only=True):
    """A run, a logged model, or a version of a model: one of `run_id`, `logged_model_id`, or `model_name` and
    `version` (which may be an `@alias`)."""

    run_id: str | None = None
    model_name: str | None = None
    version: str | None = None
    logged_model_id: str | None = None


class ArtifactView(Message, frozen=True, kw_only=True):
    """A file or directory. `path` is below the owner's artifacts; of a directory `size` and what follows are None."""

    owner: ArtifactOwner
    path: str
    name: str
    is_directory: bool
    size: int | None = None
    media_type: str | None = None
    sha256: str | None = None
    stored_at: datetime | None = None


class ArtifactPreview(Message, frozen=True, kw_only=True):
    """What can be shown of a file. `media_type` is what its first bytes say, else its name.

    text: `text` is its beginning. json: `text` is all of it, and is valid. table: `text` is the beginning of CSV or
    TSV, `columns` and `rows` its first `TABLE_COLUMNS` and `TABLE_ROWS`. image: `content` is all of it. binary and
    too_large: nothing is shown, for the `refusal`. `truncated`: there is more than is shown.
    """

    kind: PreviewKind
    size: int
    media_type: str
    truncated: bool = False
    text: str | None = None
    content: bytes | None = None
    columns: list[str] | None = None
    rows: list[list[str]] | None = None
    refusal: str | None = None


class ListArtifacts(Request[Page[ArtifactView]], frozen=True, kw_only=True):
    """What lies directly in directory `path` (None or empty: the owner's root), by name; empty for a file.

    Raises Unsupported for storage that isn't the registry's own.
    """

    service = "registry"
    name = "artifact.list"

    owner: ArtifactOwner
    path: str | None = None
    paging: Paging = Paging()
    where: Condition | None = None
    order: list[Ordering] = []


class GetArtifact(Request[ArtifactView], frozen=True, kw_only=True):
    """One file or directory. Raises NotFound."""

    service = "registry"
    name = "artifact.get"

    owner: ArtifactOwner
    path: str


class PreviewArtifact(Request[ArtifactPreview], frozen=True, kw_only=True):
    """`most` bounds the bytes of text, 1 to `MOST_PREVIEW_BYTES`. Raises NotFound for what is no file."""

    service = "registry"
    name = "artifact.preview"

    owner: ArtifactOwner
    path: str
    most: int = PREVIEW_BYTES
