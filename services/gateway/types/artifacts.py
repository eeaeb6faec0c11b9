"""Files of runs, logged models and model versions, and what can be shown of them."""

from __future__ import annotations

import base64
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry
from strawberry import enum_value

from services.contracts.errors import Invalid, NotFound
from services.contracts.paging import Page
from services.contracts.registry import LoggedModelView, RunView, VersionView
from services.contracts.registry.artifacts import (
    MOST_PREVIEW_BYTES,
    PREVIEW_BYTES,
    ArtifactOwner,
    ArtifactView,
    GetArtifact,
    ListArtifacts,
    PreviewArtifact,
)
from services.contracts.registry.artifacts import ArtifactPreview as PreviewView
from services.gateway.conditions import condition, ordering
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.types.fields import viewed
from services.gateway.types.limits import Size
from services.gateway.types.list_filters import ArtifactFilter
from services.gateway.types.list_orders import ArtifactOrder
from services.gateway.types.node import reads
from services.gateway.types.paging import After, Before, First, Last, Sort, Where, paging
from services.gateway.types.past import ONLY_NOW, only_now
from services.gateway.types.scalars import Long

PREVIEW_WEIGHT = 1_000
"""Objects that one preview counts as: it may hold a megabyte."""

Directory = Annotated[
    str | None, strawberry.argument(description="The directory, such as `model/data`; the topmost one if unsaid.")
]


@strawberry.enum(description="How a file can be shown.")
class ArtifactPreviewKind(Enum):
    TEXT = enum_value("text", description="`text` is its beginning.")
    JSON = enum_value("json", description="`text` is the whole of it, and is valid JSON.")
    TABLE = enum_value("table", description="`columns` and `rows` are its first, `text` is its beginning.")
    IMAGE = enum_value("image", description="`bytesBase64` is the whole of it.")
    BINARY = enum_value("binary", description="Not at all: it is neither text nor an image.")
    TOO_LARGE = enum_value("too_large", description="Not at all: it is too large an image.")


def _content(parent: strawberry.Parent[PreviewView]) -> str | None:
    return None if parent.content is None else base64.b64encode(parent.content).decode()


@strawberry.type(description="What can be shown of a file. Nothing in it was executed or rendered.")
class ArtifactPreview:
    is_type_of = reads(PreviewView)

    kind: ArtifactPreviewKind = strawberry.field(description="How it can be shown.")
    size: Long = strawberry.field(description="Bytes of the whole file.")
    media_type: str = strawberry.field(description="Of an image by its first bytes, else by the name.")
    truncated: bool = strawberry.field(description="Whether there is more than is shown.")
    text: str | None = strawberry.field(description="Text, also markup: to be shown as it stands, never rendered.")
    columns: list[str] | None = strawberry.field(description="The first line of a table, at most 50 columns.")
    rows: list[list[str]] | None = strawberry.field(description="The lines after it, at most 100.")
    bytes_base64: str | None = viewed(resolver=_content, description="A PNG, JPEG, GIF or WebP image, in base64.")
    refusal: str | None = strawberry.field(description="Why nothing is shown, in words; null if something is.")


async def _preview(
    parent: strawberry.Parent[ArtifactView],
    info: Info,
    max_bytes: Annotated[
        int | None,
        strawberry.argument(description=f"Most bytes of text, 1 to {MOST_PREVIEW_BYTES}; {PREVIEW_BYTES} if unsaid."),
    ] = None,
) -> PreviewView | None:
    if parent.is_directory:
        return None
    most = PREVIEW_BYTES if max_bytes is None else max_bytes
    if not 1 <= most <= MOST_PREVIEW_BYTES:
        raise Invalid(f"`maxBytes` is {most}", field="maxBytes", fix=f"Ask for 1 to {MOST_PREVIEW_BYTES}.")
    return await info.context.ask(PreviewArtifact(owner=parent.owner, path=parent.path, most=most))


@strawberry.type(description="A file of a run, a logged model or a model version, or a directory of such files.")
class Artifact:
    is_type_of = reads(ArtifactView)

    path: str = strawberry.field(description="Below the topmost directory of what it is of.")
    name: str = strawberry.field(description="The last part of the path.")
    is_directory: bool = strawberry.field(description="Whether it is a directory.")
    size: Long | None = strawberry.field(description="Bytes; null for a directory.")
    media_type: str | None = strawberry.field(description="What the name says that it is; null for a directory.")
    sha256: str | None = strawberry.field(description="Of its content, in hexadecimal digits; null for a directory.")
    stored_at: datetime | None = strawberry.field(description="When it was stored; null for a directory.")
    preview: ArtifactPreview | None = viewed(
        resolver=_preview,
        size=Size(asks=True, weight=PREVIEW_WEIGHT),
        description="What can be shown of it; null for a directory.",
    )


_Owner = RunView | LoggedModelView | VersionView


def _owner(parent: _Owner) -> ArtifactOwner:
    if isinstance(parent, RunView):
        return ArtifactOwner(run_id=parent.id)
    if isinstance(parent, LoggedModelView):
        return ArtifactOwner(logged_model_id=parent.id)
    return ArtifactOwner(model_name=parent.model_name, version=parent.version)


def _of_now(parent: _Owner) -> None:
    if not isinstance(parent, LoggedModelView):
        only_now(parent.as_of, "files")


async def files_of(
    parent: strawberry.Parent[_Owner],
    info: Info,
    path: Directory = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: Where[ArtifactFilter] = None,
    sort: Sort[ArtifactOrder] = None,
) -> Page[ArtifactView]:
    """What lies directly in one directory of a run, logged model or version."""
    _of_now(parent)
    asked = paging(first, after, last, before, Selected.of(info))
    return await info.context.ask(
        ListArtifacts(owner=_owner(parent), path=path, paging=asked, where=condition(where), order=ordering(sort))
    )


async def file_of(
    parent: strawberry.Parent[_Owner],
    info: Info,
    path: Annotated[str, strawberry.argument(description="Its path, such as `model/MLmodel`.")],
) -> ArtifactView | None:
    """One file or directory of a run, logged model or version."""
    _of_now(parent)
    try:
        return await info.context.ask(GetArtifact(owner=_owner(parent), path=path))
    except NotFound:
        return None


FILES = (
    "Files and directories directly in one directory, by name; an error if they lie in storage of somebody else."
    + ONLY_NOW
)
FILE = "One file or directory; null if there is none." + ONLY_NOW
