"""Keeps events below their size limit: what goes into one is cut, the whole stays in the documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

TEXT: Final = 250
"""Characters of one text in an event."""
PART_BYTES: Final = 14_000
"""Bytes of one collection in an event; four of them fit into 64 KB of JSON with room for the rest."""

V = TypeVar("V", str, float)


def cut(text: str) -> str:
    return text[:TEXT]


def cut_or_none(text: str | None) -> str | None:
    return None if text is None else text[:TEXT]


def within(values: Mapping[str, V]) -> dict[str, V]:
    """The first of `values`, texts cut, that fit into `PART_BYTES` of JSON."""
    kept: dict[str, V] = {}
    room = PART_BYTES
    for key, value in values.items():
        short = value[:TEXT] if isinstance(value, str) else value
        room -= _size(key) + (_size(short) if isinstance(short, str) else 25) + 6
        if room < 0:
            break
        kept[key] = short
    return kept


def _size(text: str) -> int:
    """Bytes of a text in JSON, at most: control characters take six."""
    encoded = len(text.encode("utf-8", "replace"))
    return encoded if text.isprintable() and '"' not in text and "\\" not in text else encoded * 6
