"""What can be shown of a file from its first bytes. Nothing is executed, rendered or fetched."""

from __future__ import annotations

import codecs
import csv
import json
import mimetypes
import re

from services.contracts.registry.artifacts import (
    IMAGE_BYTES,
    MOST_PREVIEW_BYTES,
    TABLE_COLUMNS,
    TABLE_ROWS,
    ArtifactPreview,
)

_IMAGES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
)
"""Raster images only: SVG can hold programs, so it is shown as the text that it is."""
_SEPARATORS = {"text/csv": ",", "text/tab-separated-values": "\t"}
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_UNKNOWN = "application/octet-stream"
_NAMED = {".md": "text/markdown", ".yaml": "application/yaml", ".yml": "application/yaml", ".jsonl": "text/plain"}
"""What Python's table doesn't know on every machine."""


def media_type_of(name: str) -> str:
    """What the name says."""
    dot = name.rfind(".")
    known = _NAMED.get(name[dot:].lower()) if dot >= 0 else None
    return known or mimetypes.guess_type(name)[0] or _UNKNOWN


def bytes_needed(most: int) -> int:
    """How much of a file's beginning `preview` looks at: enough for an image, for whole JSON and for `most`."""
    return max(most, MOST_PREVIEW_BYTES, IMAGE_BYTES)


def preview(name: str, size: int, head: bytes, most: int) -> ArtifactPreview:
    """Of a file of `size` bytes that begins with `head`; at most `most` bytes of text."""
    image = next((kind for start, kind in _IMAGES if start.match(head)), None)
    if image:
        return _image(image, size, head)
    media_type = media_type_of(name)
    text = _decoded(head[:most], whole=size <= most)
    if text is None:
        return ArtifactPreview(kind="binary", size=size, media_type=media_type, refusal="It isn't text, nor an image.")
    if media_type == "application/json" and len(head) == size <= MOST_PREVIEW_BYTES:
        everything = _decoded(head, whole=True)
        if everything is not None and _is_json(everything):
            return ArtifactPreview(kind="json", size=size, media_type=media_type, text=everything)
    truncated = size > most
    media_type = "text/plain" if media_type == _UNKNOWN else media_type
    if media_type in _SEPARATORS:
        columns, rows, cut = _table(text, _SEPARATORS[media_type], truncated)
        if columns:
            return ArtifactPreview(
                kind="table",
                size=size,
                media_type=media_type,
                text=text,
                columns=columns,
                rows=rows,
                truncated=truncated or cut,
            )
    return ArtifactPreview(kind="text", size=size, media_type=media_type, text=text, truncated=truncated)


def _image(media_type: str, size: int, head: bytes) -> ArtifactPreview:
    if size > IMAGE_BYTES:
        words = f"Images of more than {IMAGE_BYTES:,} bytes aren't shown; this one has {size:,}."
        return ArtifactPreview(kind="too_large", size=size, media_type=media_type, refusal=words)
    return ArtifactPreview(kind="image", size=size, media_type=media_type, content=head[:size])


def _decoded(head: bytes, *, whole: bool) -> str | None:
    """UTF-8 text; a character that was cut through at the end is left out. None for what isn't text."""
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head, final=whole)
    except UnicodeDecodeError:
        return None
    return None if _UNPRINTABLE.search(text) else text


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _table(text: str, separator: str, truncated: bool) -> tuple[list[str], list[list[str]], bool]:
    """The first row, those below it, and whether some of it is left out. A line that was cut through is left out."""
    lines = text.splitlines()
    if truncated and not text.endswith("\n"):
        lines = lines[:-1]
    try:
        read = [row for _, row in zip(range(TABLE_ROWS + 2), csv.reader(lines, delimiter=separator), strict=False)]
    except csv.Error:
        return [], [], False
    kept = [row[:TABLE_COLUMNS] for row in read[: TABLE_ROWS + 1]]
    cut = len(read) > len(kept) or any(len(row) > TABLE_COLUMNS for row in read)
    return (kept[0], kept[1:], cut) if kept else ([], [], False)
