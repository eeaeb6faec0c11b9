"""One feature of a monitored version in the time that is shown: its distribution, and all figures of a window."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from math import inf
from typing import Any, TypeVar

from dash import html

from dashboard import formats
from dashboard.components.basics import badge, clipped
from dashboard.components.charts import graph
from dashboard.components.states import empty, failed
from dashboard.figures.distribution import distribution
from dashboard.figures.rows import PREDICTION
from dashboard.gateway import operations as ask
from dashboard.gateway.views import FeatureFigures, FeatureWindow
from dashboard.site import Component, Visit
from services.contracts.errors import LifecycleError, Unauthenticated

LEAST_P = 0.001  # smaller ones say nothing more
_LAST = 2  # the open window, and the newest closed one

Answer = TypeVar("Answer")


async def feature_parts(visit: Visit, about: Mapping[str, Any]) -> tuple[Component, Component]:
    """The distribution and the figures. `about`: the `feature`, `start` and `end` of the shown time as ISO texts with
    their zone, `seconds` of a column, and what drift is compared with (`against`); without a start nothing came."""
    feature, start, end = str(about["feature"]), about["start"], about["end"]
    if not start:
        return empty("No distribution to show", "Send predictions to see them here.", icon_name="chart-line"), None
    held = {"model": visit.parts["model"], "version": visit.parts["version"]}
    limits = {"resolutionSeconds": about["seconds"], "against": about["against"]}
    figures = visit.ask(
        ask.FEATURE_FIGURES,
        **held,
        feature=[] if feature == PREDICTION else [feature],
        last=_LAST,
        start=start,
        end=end,
        **{name: value for name, value in limits.items() if value},
    )
    if feature == PREDICTION:
        hint = "What is drawn for features isn't kept of the model's own output. Pick a feature to compare it."
        return empty("No distribution of the output", hint, icon_name="chart-line"), _figures(await _or_error(figures))
    drawn = visit.ask(ask.DISTRIBUTION, **held, feature=feature, start=start, end=end)
    view, found = await asyncio.gather(_or_error(drawn), _or_error(figures))
    if isinstance(view, LifecycleError):
        return failed(view), _figures(found)
    label = f"Distribution of {clipped(feature, 80)}: reference and now"
    return graph(distribution(view), label, 280), _figures(found)


async def _or_error(asked: Awaitable[Answer]) -> Answer | LifecycleError:
    try:
        return await asked
    except Unauthenticated:
        raise
    except LifecycleError as error:
        return error


def _figures(windows: list[FeatureWindow] | LifecycleError) -> Component:
    """Of the newest closed window of the shown time, or of the open one if there is no other."""
    if isinstance(windows, LifecycleError):
        return failed(windows)
    output = [(window, window.prediction) for window in windows if window.prediction]
    known = [(window, one) for window in windows for one in window.features] or output
    if not known:
        return None
    window, one = next((pair for pair in reversed(known) if pair[0].closed), known[-1])
    when = formats.period(window.start, window.end) + ("" if window.closed else ", still open")
    return html.Div(
        [
            html.H3(["Figures of ", when], className="chart-title"),
            html.Dl(
                [
                    html.Div([html.Dt(name), html.Dd(value)])
                    for name, value in [("Verdict", _verdict(one)), *_named(one)]
                ],
                className="figure-list",
            ),
        ]
    )


def _verdict(one: FeatureFigures) -> Component:
    if one.drifted:
        return badge("drifted", "warn", "alert-triangle")
    if one.moved:
        return badge("moved, but not notably", "accent", "activity")
    if (one.psi or 0.0) > (one.psi_threshold or inf):
        return badge("within what is usual", "accent", "activity")
    return badge("close to it", "good", "circle-check")


def _named(one: FeatureFigures) -> list[tuple[str, Any]]:
    """Those that are defined for this kind of feature."""
    distances = (
        ("PSI", one.psi, "by chance", one.psi_threshold),
        ("PSI beyond chance", one.psi_excess, "limit", one.psi_limit),
        ("Jensen–Shannon", one.js, "", None),
        ("Kolmogorov–Smirnov", one.ks, "p", one.ks_p),
        ("Wasserstein", one.wasserstein, "limit", one.wasserstein_limit),
        ("Hellinger", one.hellinger, "", None),
        ("χ²", one.chi2, "p", one.chi2_p),
        ("L∞", one.l_infinity, "", None),
    )
    shares = (
        ("Missing", one.missing_share),
        ("Out of range", one.out_of_range_share),
        ("Unseen category", one.unseen_share),
        ("Wrong type", one.invalid_share),
        ("Infinite", one.infinite_share),
    )
    found: list[tuple[str, Any]] = [("Rows", formats.count(one.rows))]
    for name, value, beside, other in distances:
        if value is not None:
            said = f"{beside} {formats.figure(other, 3)}" if other is not None else ""
            if beside == "p" and other is not None and other < LEAST_P:
                said = f"p < {LEAST_P}"
            found.append((name, [formats.figure(value), html.Span(said, className="sub") if said else None]))
    return found + [(name, formats.share(value)) for name, value in shares]
