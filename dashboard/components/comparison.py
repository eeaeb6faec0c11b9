"""What differs between things of the same kind: a table with one column each, and only the differences if wanted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from dash import html

from dashboard.components.basics import clipped, scrolling
from dashboard.components.controls import more_of, part_of
from dashboard.components.states import empty
from dashboard.components.talk import Talk
from dashboard.links import query
from dashboard.site import Component

NOT_THERE = "–"
_MOST_CELLS = 420  # that a browser puts in place quickly
_LEAST_ROWS = 6  # of a group
_LONGEST_VALUE = 60  # characters
_LOOKED_AT = 20_000  # characters, for where two part


def differing(columns: Sequence[Mapping[str, str]]) -> list[str]:
    """The keys whose values aren't the same in all columns, in alphabetical order."""
    keys = sorted({key for column in columns for key in column})
    return [key for key in keys if len({column.get(key) for column in columns}) > 1]


def apart(values: Sequence[str], most: int) -> list[str]:
    """Texts that stand beside each other, each of at most so many characters: of long ones that begin alike, from
    shortly before the place where they part."""
    long = {value[:_LOOKED_AT] for value in values if len(value) > most}
    parting = next(
        (place for place, letters in enumerate(zip(*long, strict=False)) if len(set(letters)) > 1),
        min(map(len, long), default=0),
    )
    start = max(0, parting - most // 3) if len(long) > 1 else 0
    return [clipped(f"…{value[start:]}" if start and len(value) > most else value, most) for value in values]


@dataclass(frozen=True, slots=True)
class Group:
    """Some rows of the table, with one mapping a column. `best`: by key, the number of the column that is the best."""

    title: str
    columns: Sequence[Mapping[str, str]]
    best: Mapping[str, int] = field(default_factory=dict)


def side_by_side(
    label: str,
    heads: Sequence[Component],
    groups: Sequence[Group],
    *,
    everything: bool,
    state: Mapping[str, str],
    address: str,
    faint: Collection[int] = (),
    beside: Callable[[str], Component] | None = None,
) -> Component:
    """Cells that differ from the first column are marked; without `everything`, rows that are the same are left out.

    `faint`: numbers of the columns that the eye is led away from. `state` of the page at `address`: which part of each
    group is shown, of groups with very many rows. `beside` each key: one more cell, of the same width in every row.
    """
    most = max(_LEAST_ROWS, _MOST_CELLS // (len(heads) + 2) // len(groups))
    columns = [html.Th(one, scope="col", className="faint" if i in faint else "") for i, one in enumerate(heads)]
    comments = [Talk.head()] if beside else []
    head = html.Thead(html.Tr([html.Th(label, scope="col"), *comments, *columns]))
    wide = len(heads) + 1 + len(comments)
    bodies = []
    for group in groups:
        keys = sorted({key for column in group.columns for key in column})
        shown = keys if everything else differing(group.columns)
        if not keys:
            continue
        name = f"after-{group.title.lower()}"
        page = part_of(shown, state, name, most)
        rows = [_row(group, key, faint, beside) for key in page.nodes]
        if len(groups) > 1 or not rows:
            same = "" if rows else f": all {len(keys)} are the same" if len(keys) > 1 else ": the same"
            title = html.Th(group.title + same, scope="colgroup", colSpan=wide, className="group-title")
            rows.insert(0, html.Tr(title))
        more = more_of(group.title.lower(), page, lambda **kept: address + query(kept), state, name)
        if more:
            rows.append(html.Tr(html.Td(more, colSpan=wide)))
        bodies.append(html.Tbody(rows))
    if not bodies:
        return empty("Nothing recorded", "There is nothing that tells them apart.", icon_name="list")
    return scrolling(html.Table([head, *bodies], className="table compact compared"), label, 160 + 130 * len(heads))


def _row(group: Group, key: str, faint: Collection[int], beside: Callable[[str], Component] | None) -> Component:
    values = [column.get(key, NOT_THERE) for column in group.columns]
    told = apart(values, _LONGEST_VALUE)

    def cell(number: int) -> Component:
        value = values[number]
        looks = ["mono"]
        if group.best.get(key) == number:
            looks.append("best")
        if number in faint:
            looks.append("faint")
        if number and value != values[0]:
            looks.append("differs")
        return html.Td(told[number], title=clipped(value, 2000), className=" ".join(looks))

    more = [beside(key)] if beside else []
    return html.Tr([html.Th(clipped(key, 60), scope="row"), *more, *(cell(i) for i in range(len(group.columns)))])
