"""A card before it is Markdown or HTML: sections of texts, tables and plots, as data. Its digest is its content's."""

from __future__ import annotations

import hashlib

import msgspec


class Text(msgspec.Struct, frozen=True, tag="text"):
    """What somebody wrote, or a sentence of ours. Shown as it is, line by line."""

    text: str


class Warned(msgspec.Struct, frozen=True, tag="warning"):
    text: str


class Fields(msgspec.Struct, frozen=True, tag="fields"):
    rows: list[tuple[str, str]]


class Table(msgspec.Struct, frozen=True, tag="table"):
    headers: list[str]
    rows: list[list[str]]
    caption: str = ""


class Bars(msgspec.Struct, frozen=True, tag="bars"):
    """Horizontal, one a label; `marked` stands out."""

    title: str
    labels: list[str]
    values: list[float]
    marked: int | None = None


class Series(msgspec.Struct, frozen=True):
    name: str
    x: list[float]
    y: list[float]


class Lines(msgspec.Struct, frozen=True, tag="lines"):
    title: str
    series: list[Series]
    x_title: str = ""
    y_title: str = ""


class Histogram(msgspec.Struct, frozen=True, tag="histogram"):
    title: str
    edges: list[float]
    counts: list[int]


Block = Text | Warned | Fields | Table | Bars | Lines | Histogram


class Section(msgspec.Struct, frozen=True):
    """`key` names it for programs; without blocks it is missing."""

    key: str
    title: str
    blocks: list[Block]


class Card(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    subtitle: str
    sections: list[Section]

    def missing(self) -> list[str]:
        return [section.key for section in self.sections if not section.blocks]

    def digest(self) -> str:
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()
