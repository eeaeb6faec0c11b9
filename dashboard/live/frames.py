"""What goes to browsers: properties by component id and window rows, each newest wins; serialised once for all."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from plotly.utils import PlotlyJSONEncoder

from dashboard.figures.rows import Row


class Frame:
    """`props` by component id, `rows` by window. Frames of one topic can be merged: later ones win."""

    def __init__(self, props: dict[str, dict[str, Any]] | None = None, rows: dict[str, Row] | None = None) -> None:
        self.props = props or {}
        self.rows = rows or {}

    def merged(self, later: Frame) -> Frame:
        return Frame({**self.props, **later.props}, {**self.rows, **later.rows})

    @cached_property
    def text(self) -> str:
        return json.dumps(
            {"set": self.props, "rows": list(self.rows.values())}, cls=PlotlyJSONEncoder, separators=(",", ":")
        )

    def __bool__(self) -> bool:
        return bool(self.props or self.rows)


def children_text(component: Any) -> str:
    """A component as JSON, to tell whether anything changed."""
    return json.dumps(component, cls=PlotlyJSONEncoder, separators=(",", ":"))
