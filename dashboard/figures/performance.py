"""Performance over time: the figure with its confidence band, and below it how much of it labels cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.figures.base import Figure, Span, layout, time_axis, value_axis
from dashboard.figures.rows import Row, live
from dashboard.theme import BLUE, BLUE_BAND, GREY, ORANGE

_INVISIBLE = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "type": "scatter"}


@dataclass(frozen=True, slots=True)
class Measure:
    """A performance figure that can be shown; `band`: whether its confidence limits are known.

    `higher_is_better` is None where the best value lies in between.
    """

    key: str
    label: str
    higher_is_better: bool | None = True
    band: bool = False


CLASSIFICATION = (
    Measure("roc_auc", "ROC-AUC", band=True),
    Measure("pr_auc", "PR-AUC", band=True),
    Measure("accuracy", "Accuracy", band=True),
    Measure("precision", "Precision"),
    Measure("recall", "Recall"),
    Measure("f1", "F1"),
    Measure("log_loss", "Log loss", higher_is_better=False),
    Measure("brier", "Brier score", higher_is_better=False),
    Measure("calibration_error", "Calibration error", higher_is_better=False),
)
REGRESSION = (
    Measure("rmse", "RMSE", higher_is_better=False),
    Measure("mae", "MAE", higher_is_better=False, band=True),
    Measure("mape", "MAPE", higher_is_better=False),
    Measure("r2", "R²"),
    Measure("bias", "Bias", higher_is_better=None),
    Measure("interval_coverage", "Coverage of intervals", higher_is_better=None),
)


def measures(task: str) -> tuple[Measure, ...]:
    return REGRESSION if "regression" in task else CLASSIFICATION


def _level(name: str, value: float, place: int) -> tuple[dict[str, object], dict[str, object]]:
    """A line across, and its name at its left end, on alternating sides of it."""
    line = {"color": GREY, "width": 1, "dash": "dashdot" if place else "dash"}
    shape: dict[str, object] = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": value, "y1": value}
    note: dict[str, object] = {
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "y": value,
        "yanchor": "top" if place else "bottom",
        "text": f"{name} {value:.3f}",
        "showarrow": False,
        "font": {"size": 11},
    }
    return {**shape, "line": line}, note


def performance(rows: list[Row], measure: Measure, span: Span, levels: Sequence[tuple[str, float]] = ()) -> Figure:
    """Two panels over one time axis: the measure (with band where known) and label coverage.

    `levels`: names and values of lines across, as what experts reach.
    """
    line = {
        **live(rows, "p", measure.key),
        "type": "scatter",
        "mode": "lines+markers",
        "name": measure.label,
        "line": {"color": BLUE, "width": 2},
        "marker": {"size": 5, "color": BLUE},
        "hovertemplate": f"{measure.label} <b>%{{y:.4f}}</b><extra></extra>",
    }
    coverage = {
        **live(rows, "coverage"),
        "type": "bar",
        "name": "Labelled",
        "yaxis": "y2",
        "marker": {"color": GREY},
        "hovertemplate": "labelled %{y:.1%}<br>%{customdata}<extra></extra>",
    }
    scale: dict[str, object] = {}
    if measure in CLASSIFICATION:
        scale = {"tickformat": ".2f"}
    band = []
    if measure.band:
        band = [
            {**live(rows, "p", f"{measure.key}_low"), **_INVISIBLE},
            {
                **live(rows, "p", f"{measure.key}_high"),
                **_INVISIBLE,
                "fill": "tonexty",
                "fillcolor": BLUE_BAND,
            },
        ]
    estimated = []
    if any(row["e"].get(measure.key) is not None for row in rows):
        estimated = [
            {
                **live(rows, "e", measure.key),
                "type": "scatter",
                "mode": "lines",
                "name": "Estimated",
                "line": {"color": ORANGE, "width": 1.5, "dash": "dash"},
                "hovertemplate": "estimated %{y:.4f}<extra></extra>",
            }
        ]
    lines = [_level(name, value, place) for place, (name, value) in enumerate(levels)] if rows else []
    return {
        "data": [*band, line, coverage, *estimated],
        "layout": layout(
            span,
            xaxis=time_axis(span, anchor="y2"),
            yaxis=value_axis(
                domain=[0.27, 1],
                title={"text": measure.label, "standoff": 6},
                **scale,
            ),
            yaxis2=value_axis(
                domain=[0, 0.17],
                range=[0, 1.02],
                tickvals=[0, 1],
                ticktext=["0 %", "100 %"],
                title={"text": "Labelled", "standoff": 6},
            ),
            bargap=0.25,
            shapes=[shape for shape, _ in lines],
            annotations=[note for _, note in lines],
            margin={"l": 62, "r": 12, "t": 8, "b": 40},
        ),
    }
