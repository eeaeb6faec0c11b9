"""The state of the monitoring page: what its address says, and what a control or a gesture asks of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from dashboard.figures.base import Span

RANGES = {"30": "Last 30", "90": "Last 90", "all": "All"}
MERGED = {"": "Every window", "7": "7 windows merged", "30": "30 windows merged"}
DEFAULT_RANGE = "90"
MOST_MERGED = 20_160  # windows in one column: two weeks of minutes
MOST_WINDOWS = 400  # columns that a screen can tell apart; a longer span is asked for in coarser windows
MOST_COMPARED = 100  # columns that the gateway compares with something else than the reference at once

_MOMENT = re.compile(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d")

CONTROLS = ("range", "merged", "metric", "feature", "against")
AGAINST = {
    "": "The reference in force",
    "previous": "The window before",
    "weekday": "Same weekday, 4 weeks before",
    "month": "Same month, a year before",
    "year": "A year before",
}


def span_of(state: Mapping[str, str]) -> Span:
    merged, against = int(merged_of(state) or 1), state.get("against", "")
    start, end = state.get("start", ""), state.get("end", "")
    if _MOMENT.fullmatch(start) and _MOMENT.fullmatch(end) and start < end:
        return Span(start=start, end=end, merged=merged, against=against)
    chosen = range_of(state)
    return Span(last=MOST_WINDOWS if chosen == "all" else int(chosen), merged=merged, against=against)


def limits_of(span: Span, window_seconds: int) -> dict[str, Any]:
    """What is asked of the gateway: the newest windows, or all of a time in no more columns than a screen can tell
    apart. Which width those have shows in the answer: `merged_in`."""
    limits: dict[str, Any] = {"last": span.last}
    if span.zoomed:
        limits = {"start": _zoned(span.start), "end": _zoned(span.end)}
    if span.zoomed or span.last == MOST_WINDOWS:
        limits |= {"last": None, "most": MOST_COMPARED if span.against else MOST_WINDOWS}
    if span.against:
        limits["against"] = span.against
    if span.merged > 1:
        limits["resolutionSeconds"] = window_seconds * span.merged
    return limits


def merged_in(width: timedelta, window_seconds: int) -> int:
    """How many of the monitor's windows a column of this width stands for."""
    return max(1, round(width.total_seconds() / window_seconds))


def _zoned(text: str | None) -> str | None:
    return text and text + ("" if text.endswith("Z") else "Z")


def merged_of(state: Mapping[str, str]) -> str:
    chosen = state.get("merged", "")
    return (
        chosen
        if chosen in MERGED
        or (chosen.isascii() and chosen.isdecimal() and len(chosen) < 6 and 1 < int(chosen) <= MOST_MERGED)
        else ""
    )


def merged_options(state: Mapping[str, str], window_seconds: int) -> dict[str, str]:
    """How many windows one column can stand for; of short ones also an hour's, a day's, a week's."""
    options = dict(MERGED)
    for seconds, label in ((3600, "An hour"), (86_400, "A day"), (604_800, "A week")):
        whole = seconds // window_seconds
        if 1 < whole <= MOST_MERGED and seconds % window_seconds == 0:
            options.setdefault(str(whole), f"{label} in a column")
    options.setdefault(merged_of(state), f"{merged_of(state)} windows merged")
    return options


def range_of(state: Mapping[str, str]) -> str:
    chosen = state.get("range", DEFAULT_RANGE)
    return chosen if chosen in RANGES else DEFAULT_RANGE


def against_options(references: Sequence[str], in_force: str) -> list[dict[str, str]]:
    """What drift can be compared with: other windows, or a reference that the version has or had."""
    others = [one for one in references if one not in (in_force, *AGAINST)]
    named = [{"value": one, "label": f"Reference {one[:60]}"} for one in others]
    return [*({"value": value, "label": label} for value, label in AGAINST.items()), *named]


def changed_state(state: Mapping[str, str], change: Mapping[str, str]) -> dict[str, str]:
    """The state after a control moved; defaults leave the address. A new range ends a zoom."""
    after = {**state, **change}
    if "range" in change:
        after.update(start="", end="")
    if after.get("range") == DEFAULT_RANGE:
        after["range"] = ""
    return {key: value for key, value in after.items() if value}


def zoomed_span(relayout: Mapping[str, Any] | None) -> dict[str, str] | None:
    """What a zoom gesture asks for: a span, an end of zooming (empty values), or None for any other gesture."""
    if not relayout:
        return None
    if relayout.get("xaxis.autorange") or relayout.get("autosize") is False:
        return {"start": "", "end": ""}
    ends = relayout.get("xaxis.range[0]"), relayout.get("xaxis.range[1]")
    if all(isinstance(end, str) for end in ends):
        start, end = (str(end).replace(" ", "T")[:19] for end in ends)
        return {"start": _whole(start), "end": _whole(end)}
    return None


def gestures(triggered: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, Any]]:
    """Name, property and value of what a person moved.

    A click can come in one call with charts that have just been drawn. Several controls at once are nobody's gesture:
    a redraw has set them.
    """
    parts = [(*one["prop_id"].rpartition("."), one["value"]) for one in triggered]
    moved = [(name, prop, value) for name, _, prop, value in parts]
    controls = [name for name, _, _ in moved if name in CONTROLS]
    return moved if len(controls) < 2 else [one for one in moved if one[0] not in CONTROLS]


def wish(name: str, prop: str, value: Any, state: Mapping[str, str]) -> dict[str, str]:
    """What one control's or chart's new property asks of the state; empty if it is as the state says, or nothing."""
    match name, prop:
        case "range", _ if value != range_of(state):
            return {"range": value}
        case "merged", _ if (value or "") != merged_of(state):
            return {"merged": value or ""}
        case "against", _ if (value or "") != state.get("against", ""):
            return {"against": value or ""}
        case (("metric" | "feature"), _) if value:
            return {name: value}
        case "zoom-reset", _ if value:
            return {"start": "", "end": ""}
        case _, "relayoutData":
            return zoomed_span(value) or {}
        case '{"chart":"heatmap"}', "clickData" if value:
            return {"feature": str(value["points"][0]["y"])}
    return {}


def _whole(moment: str) -> str:
    return moment if "T" in moment else f"{moment}T00:00:00"
