"""What goes to browsers: properties by component id, window rows, the feed; newest wins; serialised once for all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import msgspec
from dash import dcc
from dash.development.base_component import Component
from plotly.utils import PlotlyJSONEncoder

from dashboard.components.events import FeedRow
from dashboard.figures.base import Figure
from dashboard.figures.rows import Row


class Frame:
    """`props` by component id, `rows` by window, the newest lines of the `feed`. Frames of one topic can be merged."""

    def __init__(
        self,
        props: dict[str, dict[str, Any]] | None = None,
        rows: dict[str, Row] | None = None,
        feed: list[FeedRow] | None = None,
    ) -> None:
        self.props = props or {}
        self.rows = rows or {}
        self.feed = feed

    def merged(self, later: Frame) -> Frame:
        feed = self.feed if later.feed is None else later.feed
        return Frame({**self.props, **later.props}, {**self.rows, **later.rows}, feed)

    @cached_property
    def text(self) -> str:
        body: dict[str, Any] = {}
        if self.props:
            body["set"] = self.props
        if self.rows:
            body["rows"] = list(self.rows.values())
        if self.feed is not None:
            body["feed"] = msgspec.to_builtins(self.feed)
        return json.dumps(body, cls=PlotlyJSONEncoder, separators=(",", ":"))

    def __bool__(self) -> bool:
        return bool(self.props or self.rows or self.feed is not None)


def drawn(part: Any) -> tuple[str, dict[str, Figure]]:
    """A part of a page without what is drawn in its named charts, as JSON; and those figures by the charts' ids."""
    named: list[Any] = [
        one for one in _within(part) if isinstance(one, dcc.Graph) and isinstance(getattr(one, "id", None), str)
    ]
    figures = {one.id: one.figure for one in named}
    for one in named:
        one.figure = None
    try:
        return children_text(part), figures
    finally:
        for one in named:
            one.figure = figures[one.id]


def _within(part: Any) -> Iterator[Any]:
    for one in part if isinstance(part, list) else [part]:
        if isinstance(one, Component):
            untyped: Any = one
            yield one
            yield from untyped._traverse()


def children_text(component: Any) -> str:
    """A component as JSON, to tell whether anything changed."""
    return json.dumps(component, cls=PlotlyJSONEncoder, separators=(",", ":"))
