"""A card as Markdown. Every text is escaped: it reads as it was written and never becomes markup. Pure."""

from __future__ import annotations

import re

from services.registry.cards.document import Bars, Block, Card, Fields, Histogram, Lines, Table, Text, Warned

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|>~])")
"""Characters that any renderer takes as written behind a backslash. Others only know an entity for the rest."""
_ENTITIES = re.compile(r"[$@]|:(?=//)|^=")


def rendered(card: Card) -> str:
    parts = [f"# {escaped(card.title)}", f"*{escaped(card.subtitle)}*"]
    for section in card.sections:
        parts.append(f"## {escaped(section.title)}")
        parts += [_block(block) for block in section.blocks] or ["*Nothing is recorded yet.*"]
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """On one line, without any character that Markdown or HTML gives a meaning."""
    flat = " ".join(text.split()) if "\n" in text or "\r" in text else text
    plain = "".join(character if character.isprintable() else "\ufffd" for character in flat)
    guarded = _SPECIAL.sub(r"\\\1", plain.replace("&", "&amp;").replace("<", "&lt;"))
    return _ENTITIES.sub(lambda found: f"&#{ord(found[0])};", guarded)


def _block(block: Block) -> str:
    match block:
        case Text(text):
            return "  \n".join(escaped(line) for line in text.splitlines())
        case Warned(text):
            return f"> **{escaped(text)}**"
        case Fields(rows):
            return "\n".join(f"- **{escaped(name)}**: {escaped(value)}" for name, value in rows)
        case Table(headers, rows, caption):
            return _table(headers, rows, caption)
        case Bars(title, labels, values, marked):
            names = [f"{label} (worst)" if number == marked else label for number, label in enumerate(labels)]
            return _table(["", "value"], [[n, f"{v:.4g}"] for n, v in zip(names, values, strict=True)], title)
        case Lines(title, series, x_title, y_title):
            ends = [
                [entry.name, str(len(entry.x)), f"{entry.y[0]:.4g}", f"{entry.y[-1]:.4g}"]
                for entry in series
                if entry.y
            ]
            axes = f" ({y_title} over {x_title})" if x_title and y_title else ""
            return _table(["curve", "points", "first", "last"], ends, title + axes)
        case Histogram(title, edges, counts):
            bins = [[f"{low:.4g} … {high:.4g}", str(n)] for low, high, n in zip(edges, edges[1:], counts, strict=False)]
            return _table(["from … to", "rows"], bins, title)


def _table(headers: list[str], rows: list[list[str]], caption: str) -> str:
    lines = [_row(headers), _row(["---"] * len(headers), raw=True), *map(_row, rows)]
    return (f"**{escaped(caption)}**\n\n" if caption else "") + "\n".join(lines)


def _row(cells: list[str], *, raw: bool = False) -> str:
    return "| " + " | ".join(cell if raw else escaped(cell) for cell in cells) + " |"
