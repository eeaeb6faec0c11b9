"""Files of runs and versions: a directory's entries, and what can be shown of one file."""

from __future__ import annotations

from datetime import datetime

from dashboard.gateway.views import PageInfo, View


class FileRow(View, frozen=True, kw_only=True):
    """`path` is below the root of the run or version; `size` in bytes, None for a directory."""

    path: str
    name: str
    is_directory: bool
    size: int | None = None


class Preview(View, frozen=True, kw_only=True):
    """`kind`: TEXT, JSON, TABLE, IMAGE, BINARY or TOO_LARGE; `size` in bytes is that of the whole file."""

    kind: str
    size: int
    media_type: str
    truncated: bool = False
    text: str | None = None
    columns: list[str] | None = None
    rows: list[list[str]] | None = None
    bytes_base64: str | None = None
    refusal: str | None = None


class File(FileRow, frozen=True, kw_only=True):
    media_type: str | None = None
    sha256: str | None = None
    stored_at: datetime | None = None
    preview: Preview | None = None


class FileRows(View, frozen=True, kw_only=True):
    nodes: list[FileRow] = []
    page_info: PageInfo = PageInfo()


class Directory(View, frozen=True, kw_only=True):
    """What a run or version answers about one directory; None where there is none."""

    artifacts: FileRows | None = None


class OneFile(View, frozen=True, kw_only=True):
    artifact: File | None = None
