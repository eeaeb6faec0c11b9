"""A dataset's profile: each column in one line with a small picture of what it holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from dash import html

from dashboard import formats
from dashboard.components.basics import badge, clipped, scrolling, wild
from dashboard.components.charts import graph
from dashboard.components.states import empty
from dashboard.figures.profile import beside
from dashboard.gateway.data_views import (
    BeforeAfter,
    ColumnComparison,
    ColumnProfile,
    ProfileComparison,
    Representation,
)
from dashboard.site import Component

_BARS = 24
_OPEN = 4  # columns whose pictures stand open
_GROUPS = 20  # those that don't fit first
_VERDICTS = {
    "FITS": ("fits", "good", "circle-check"),
    "OVER": ("over", "accent", "arrow-up-right"),
    "UNDER": ("under-represented", "warn", "alert-triangle"),
    "MISSING": ("missing", "bad", "circle-x"),
    "UNKNOWN_GROUP": ("not in the population", "warn", "alert-triangle"),
}


def column_table(columns: Sequence[ColumnProfile], target: str | None, more: Component) -> Component:
    heads = ("Column", "Type", "Missing", "Distinct", "Mean or most frequent", "Range", "Outliers", "Distribution")
    numbers = {"Missing", "Distinct", "Outliers"}
    head = html.Thead(
        html.Tr([html.Th(text, scope="col", className="number" if text in numbers else "") for text in heads])
    )
    rows = [_row(column, column.name == target) for column in columns]
    table = scrolling(html.Table([head, html.Tbody(rows)], className="table compact"), "Columns", 860)
    return html.Div([table, more])


def _day(seconds: float) -> str:
    """Of a moment in seconds since 1970; the number itself where there is no such day."""
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return formats.figure(seconds, 3)
    return f"{moment.day} {moment:%b %Y}"


def _row(one: ColumnProfile, target: bool) -> Component:
    typical = formats.figure(one.mean)
    if one.mean is not None and one.deviation is not None:
        typical += f" ± {formats.figure(one.deviation, 3)}"
    elif one.top:
        typical = (
            f"{clipped(one.top[0].value, 24)} ({formats.share(one.top[0].count / one.rows if one.rows else None)})"
        )
    span = f"{formats.figure(one.minimum, 3)} … {formats.figure(one.maximum, 3)}" if one.minimum is not None else "–"
    if one.type.upper() == "TIME" and one.minimum is not None and one.maximum is not None:
        typical, span = formats.NOTHING, f"{_day(one.minimum)} … {_day(one.maximum)}"
    missing = one.missing / one.rows if one.rows else 0.0
    return html.Tr(
        [
            html.Th([clipped(one.name, 40), " ", badge("target", "accent", "flag") if target else None], scope="row"),
            html.Td([one.type.lower(), html.Div(clipped(one.stored_as, 24), className="sub")]),
            html.Td(formats.share(missing) if one.missing else "none", className="number"),
            html.Td(("≈ " if one.distinct_approximate else "") + formats.short_count(one.distinct), className="number"),
            html.Td(typical),
            html.Td(span, className="nowrap"),
            html.Td(
                ("≈ " if one.outliers_approximate else "") + formats.count(one.outliers) if one.outliers else "none",
                className="number",
            ),
            html.Td(_bars(one)),
        ]
    )


def _bars(one: ColumnProfile) -> Component:
    """A small picture: the bins of numbers, or the most frequent values. One component, cut out as so many bars."""
    values = merged(one.counts, _BARS) if one.counts else [value.count for value in one.top[:_BARS]]
    if not values:
        return html.Span("–", className="sub")
    top, wide, gap = max(values) or 1, 100 / len(values), 1 if one.counts else 2
    corners = ["0% 100%"]
    for place, value in enumerate(values):
        height = 100 - max(4, round(100 * value / top))
        left, right = f"{place * wide:.1f}%", f"{(place + 1) * wide - gap:.1f}%"
        corners += [f"{left} 100%", f"{left} {height}%", f"{right} {height}%", f"{right} 100%"]
    return html.Div(
        className="bars" + ("" if one.counts else " of-values"),
        style={"clipPath": f"polygon({', '.join(corners)})"},
        role="img",
        **wild({"aria-label": f"Distribution of {clipped(one.name, 40)}"}),
    )


def merged(counts: Sequence[int], most: int) -> list[int]:
    """Neighbouring bins added up until there are at most `most`."""
    step = -(-len(counts) // most) if counts else 1
    return [sum(counts[i : i + step]) for i in range(0, len(counts), step)]


def representation_table(found: Representation) -> Component:
    head = html.Thead(
        html.Tr(
            [html.Th("Group", scope="col")]
            + [html.Th(text, scope="col", className="number") for text in ("Expected", "Found", "Rows")]
            + [html.Th("Verdict", scope="col")]
        )
    )
    rows = [
        html.Tr(
            [
                html.Th(clipped(one.group, 40), scope="row"),
                html.Td(formats.share(one.expected), className="number"),
                html.Td(formats.share(one.found), className="number"),
                html.Td(formats.count(one.rows), className="number"),
                html.Td(badge(*_VERDICTS.get(one.verdict, (one.verdict.lower(),)))),
            ]
        )
        for one in sorted(found.groups, key=lambda one: one.verdict == "FITS")[:_GROUPS]
    ]
    return scrolling(html.Table([head, html.Tbody(rows)], className="table compact"), "Groups", 420)


def comparison(found: ProfileComparison) -> Component:
    """What changed from one version to the next: the whole, then the columns that changed most."""
    pairs = [("Rows", found.rows), ("Missing cells", found.missing_cells), ("Outliers", found.outliers)]
    if found.duplicate_rows:
        pairs.append(("Duplicate rows", found.duplicate_rows))
    head = html.Thead(
        html.Tr(
            [html.Th("Figure", scope="col")]
            + [html.Th(text, scope="col", className="number") for text in ("Before", "After", "Change")]
        )
    )
    rows = [_change(name, pair) for name, pair in pairs]
    words = [html.Li(clipped(text, 240)) for text in found.words[:8]]
    changed = [one for one in found.columns if one.words or one.type_changed or one.scale_changed or (one.psi or 0) > 0]
    if not changed:
        columns: Component = empty(
            "No column changed", "Types, values and shares are the same.", icon_name="circle-check"
        )
    else:
        columns = html.Div([_column(one, number < _OPEN) for number, one in enumerate(changed[:30])])
    return html.Div(
        [
            html.Ul(words, className="plain-list") if words else None,
            scrolling(html.Table([head, html.Tbody(rows)], className="table compact"), "Before and after", 360),
            html.H3("Columns, those that changed most first", className="chart-title spaced"),
            columns,
        ]
    )


def _change(name: str, pair: BeforeAfter) -> Component:
    change = pair.after - pair.before
    sign = "+" if change > 0 else "−" if change < 0 else "±"
    return html.Tr(
        [
            html.Th(name, scope="row"),
            html.Td(formats.count(pair.before), className="number"),
            html.Td(formats.count(pair.after), className="number"),
            html.Td(f"{sign}{abs(change):,}", className="number"),
        ]
    )


def _column(one: ColumnComparison, shown: bool) -> Component:
    said = "; ".join(one.words) or ("type changed" if one.type_changed else "")
    title = [
        html.Span(clipped(one.name, 60), className="strong"),
        html.Span(f" PSI {formats.figure(one.psi, 3)}" if one.psi is not None else "", className="sub"),
        html.Span(f" {clipped(said, 200)}", className="sub"),
    ]
    picture = graph(beside(one.before, one.after), f"{one.name} before and after", 220)
    return html.Details([html.Summary(title), picture], open=shown, className="details")
