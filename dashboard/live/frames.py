"""What goes to browsers: properties by component id, window rows, the feed; newest wins; serialised once for all."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

import msgspec
from plotly.utils import PlotlyJSONEncoder

from dashboard.components.events import FeedRow
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


def children_text(component: Any) -> str:
    """A component as JSON, to tell whether anything changed."""
    return json.dumps(component, cls=PlotlyJSONEncoder, separators=(",", ":"))
