"""The lineage graph: what came from what, left to right; every thing a link, every way a line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from dash import dcc, html

from dashboard.components.basics import clipped, icon, wild
from dashboard.components.lineage_folding import Folded
from dashboard.components.things import address
from dashboard.gateway.data_views import Lineage, LineageNode
from dashboard.links import Links
from dashboard.site import Component

WIDTH, HEIGHT = 184, 50  # of a box, in pixels
_GAP_X, _GAP_Y = 52, 16
_MOST_ROWS = 14  # boxes in one column; the others are counted
_LEAST_ROWS = 3
_MOST_BOXES = 56  # in all columns

_ICONS = {
    "SOURCE": "database",
    "DATASET": "database",
    "RUN": "flask",
    "LOGGED_MODEL": "cube",
    "VERSION": "versions",
    "EVALUATION": "chart-line",
    "REVIEW": "message",
    "CARD": "list",
    "DEPLOYMENT": "arrow-up-right",
    "WINDOW": "activity",
    "ALERT": "bell",
    "RETRAINING": "refresh",
}
# Facts flow one way: this order decides the column where the edges leave it open.
_ORDER = tuple(_ICONS)

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Box:
    """A thing in its place; `hidden` things of the same column stand behind the last box."""

    node: LineageNode
    column: int
    row: int


def layered(found: Lineage) -> tuple[list[Box], dict[int, int]]:
    """Every node in a column right of all that it came from, and how many a full column couldn't show.

    The things with edges that lead back (a retraining) end in the column where they were first reached.
    """
    nodes = {(node.kind, node.id): node for node in found.nodes}
    after: dict[Key, list[Key]] = defaultdict(list)
    for edge in found.edges:
        left, right = (edge.left.kind, edge.left.id), (edge.right.kind, edge.right.id)
        if left in nodes and right in nodes and left != right:
            after[left].append(right)
    columns = _columns(nodes, after)
    start = (found.start.kind, found.start.id)
    by_column: dict[int, list[Key]] = defaultdict(list)
    for key, column in columns.items():
        by_column[column].append(key)
    most = max(_LEAST_ROWS, min(_MOST_ROWS, _MOST_BOXES // max(len(by_column), 1)))
    boxes, left_out = [], {}
    rows: dict[Key, float] = {}
    for column in sorted(by_column):
        keys = by_column[column]
        before: dict[Key, list[float]] = {key: [rows[other] for other in rows if key in after[other]] for key in keys}
        keys.sort(
            key=lambda key: (
                (
                    key != start,
                    sum(before[key]) / len(before[key]) if before[key] else 1e6,
                    _ORDER.index(key[0]) if key[0] in _ORDER else 99,
                    nodes[key].label,
                )
                if len(keys) > most
                else (
                    sum(before[key]) / len(before[key]) if before[key] else 1e6,
                    _ORDER.index(key[0]) if key[0] in _ORDER else 99,
                    nodes[key].label,
                )
            )
        )
        for row, key in enumerate(keys[:most]):
            rows[key] = float(row)
            boxes.append(Box(nodes[key], column, row))
        if len(keys) > most:
            left_out[column] = len(keys) - most
    return boxes, left_out


def _columns(nodes: dict[Key, LineageNode], after: dict[Key, list[Key]]) -> dict[Key, int]:
    """Longest way from the left; edges that close a circle don't count."""
    columns: dict[Key, int] = {}
    state: dict[Key, int] = {}

    backward: set[tuple[Key, Key]] = set()
    for root in sorted(nodes, key=lambda key: (nodes[key].depth, key)):
        stack = [(root, iter(after[root]))]
        if state.get(root):
            continue
        state[root] = 1
        while stack:
            key, following = stack[-1]
            for other in following:
                if state.get(other) == 1:
                    backward.add((key, other))
                elif not state.get(other):
                    state[other] = 1
                    stack.append((other, iter(after[other])))
                    break
            else:
                state[key] = 2
                stack.pop()
    waiting = dict.fromkeys(nodes, 0)
    for key, others in after.items():
        for other in others:
            if (key, other) not in backward:
                waiting[other] += 1
    ready = [key for key, count in waiting.items() if not count]
    columns = dict.fromkeys(ready, 0)
    while ready:
        key = ready.pop()
        for other in after[key]:
            if (key, other) in backward:
                continue
            columns[other] = max(columns.get(other, 0), columns[key] + 1)
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    return columns


def graph(folded: Folded, links: Links) -> Component:
    """Scrolls sideways when it is wide; by keyboard, things follow each other column by column."""
    found = folded.found
    boxes, left_out = layered(found)
    wide = (max((box.column for box in boxes), default=0) + 1) * (WIDTH + _GAP_X)
    lowest = max((box.row for box in boxes), default=0) + (2 if left_out else 1)
    high = lowest * (HEIGHT + _GAP_Y) + HEIGHT // 2  # lines that bow pass below the lowest box
    start = (found.start.kind, found.start.id)
    entries = [
        html.Li(
            _box(box, links, chosen=(box.node.kind, box.node.id) == start, many=len(folded.behind_it(box.node))),
            style={"left": _left(box.column), "top": _top(box.row)},
        )
        for box in boxes
    ]
    entries += [
        html.Li(
            html.Span(f"and {count} more", className="sub"),
            style={"left": _left(column), "top": _top(lowest - 1)},
        )
        for column, count in left_out.items()
    ]
    drawing = html.Img(src=_lines(found, boxes, wide, high), alt="", width=wide, height=high, className="lineage-lines")
    return html.Div(
        html.Div([drawing, html.Ol(entries)], style={"width": wide, "height": high}, className="lineage-canvas"),
        className="table-scroll lineage",
        tabIndex="0",
        role="region",
        **wild({"aria-label": "Lineage graph"}),
    )


def _left(column: int) -> int:
    return column * (WIDTH + _GAP_X) + 4


def _top(row: int) -> int:
    return row * (HEIGHT + _GAP_Y) + 4


def _box(box: Box, links: Links, *, chosen: bool, many: int = 0) -> Component:
    node = box.node
    kind = node.kind.lower().replace("_", " ")
    more = f", {node.more} more around it" if node.more else ""
    inner = [
        html.Span(icon(_ICONS.get(node.kind, "dots")), className="lineage-icon"),
        html.Span(
            [
                html.Span(clipped(node.label, 60), className="lineage-label"),
                html.Span(_note(node, kind, many), className="lineage-kind"),
            ],
            className="lineage-text",
        ),
        html.Span(f"+{node.more}", className="lineage-more") if node.more else None,
    ]
    look = f"lineage-box kind-{node.kind.lower()}" + (" chosen" if chosen else "") + (" many" if many else "")
    title = f"{clipped(node.label, 200)} ({kind}{more})"
    if chosen:
        href = address(links, kind.replace(" ", "_"), node.id)
        return dcc.Link(inner, href=href, className=look, title=title) if href else html.Div(inner, className=look)
    page = address(links, "window", node.id) if many and node.kind == "WINDOW" else ""
    return dcc.Link(inner, href=page or links.lineage(node.kind.lower(), node.id), className=look, title=title)


def _note(node: LineageNode, kind: str, many: int) -> str:
    """What stands below the name."""
    if many:
        return f"the newest of {node.at:%-d %b %Y}" if node.at else "alike"
    return f"{kind}{f' · {node.state.lower()}' if node.state else ''}"


def _lines(found: Lineage, boxes: Sequence[Box], wide: int, high: int) -> str:
    """All edges as one picture, in a tone that reads on both backgrounds; those that lead back are dashed."""
    places = {(box.node.kind, box.node.id): box for box in boxes}
    paths = []
    for edge in found.edges:
        left, right = places.get((edge.left.kind, edge.left.id)), places.get((edge.right.kind, edge.right.id))
        if left is None or right is None:
            continue
        x0, y0 = _left(left.column) + WIDTH, _top(left.row) + HEIGHT / 2
        x1, y1 = _left(right.column), _top(right.row) + HEIGHT / 2
        back = right.column <= left.column
        bend = _GAP_X * 0.55
        # A way past other things bows, so that it isn't taken for one between them.
        dip = (HEIGHT + _GAP_Y) if right.column - left.column > 1 and left.row == right.row else 0
        bend += dip
        title = escape(f"{edge.kind.lower()}")
        paths.append(
            f'<path d="M{x0} {y0:.0f}C{x0 + bend:.0f} {y0 + dip:.0f} {x1 - bend:.0f} {y1 + dip:.0f} {x1 - 5} {y1:.0f}" '
            f'{"stroke-dasharray=" + chr(34) + "5 4" + chr(34) if back else ""} marker-end="url(#a)">'
            f"<title>{title}</title></path>"
        )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" fill="none" stroke="#868e96" '
        'stroke-width="1.5"><defs><marker id="a" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0.5L7 4L0 7.5z" fill="#868e96" stroke="none"/></marker></defs>'
        + "".join(paths)
        + "</svg>"
    )
    return "data:image/svg+xml," + quote(svg)
