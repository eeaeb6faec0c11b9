"""What ran where: one line an environment, one bar a version's time in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from dashboard import formats
from dashboard.figures.base import Figure, layout, time_axis
from dashboard.figures.learning import LINES, shortened
from dashboard.gateway.production_views import Deployment, Stay

_PATTERNS = ("", "/", "\\", "x", "-", "|")


def stays_height(deployments: Sequence[Deployment]) -> int:
    return 84 + 46 * len(deployments)


def stays(deployments: Sequence[Deployment], now: datetime) -> Figure:
    """Colour and pattern go with the version, which is also written into its bar."""
    versions = sorted({stay.version for one in deployments for stay in one.history}, key=_number)
    bars: dict[str, list[tuple[str, Stay]]] = {version: [] for version in versions}
    for one in deployments:
        for stay in one.history:
            bars[stay.version].append((one.environment, stay))
    names = [one.environment for one in deployments]
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "name": f"v{shortened(version, 12)}",
                "y": [environment for environment, _ in found],
                "base": [_text(stay.start) for _, stay in found],
                "x": [max(60_000.0, ((stay.end or now) - stay.start).total_seconds() * 1000) for _, stay in found],
                "text": [f"v{shortened(version, 12)}"] * len(found),
                "textposition": "inside",
                "insidetextanchor": "middle",
                "customdata": [[_said(stay), shortened(stay.by)] for _, stay in found],
                "marker": {
                    "color": LINES[i % len(LINES)],
                    "pattern": {"shape": _PATTERNS[i // len(LINES) % len(_PATTERNS)], "size": 6, "solidity": 0.25},
                },
                "hovertemplate": "%{customdata[0]}<br>by %{customdata[1]}<extra></extra>",
            }
            for i, (version, found) in enumerate(bars.items())
        ],
        "layout": layout(
            None,
            barmode="overlay",
            hovermode="closest",
            bargap=0.3,
            xaxis=time_axis(),
            yaxis={
                "type": "category",
                "categoryorder": "array",
                "categoryarray": names[::-1],
                "automargin": True,
                "fixedrange": True,
                "showgrid": False,
            },
            margin={"l": 8, "r": 12, "t": 8, "b": 42},
            height=stays_height(deployments),
        ),
    }


def _number(version: str) -> tuple[int, str]:
    return (int(version) if version.isdigit() else 0, version)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _said(stay: Stay) -> str:
    end = formats.absolute(stay.end) if stay.end else "now"
    how = "rolled back to" if stay.how == "ROLLED_BACK" else "deployed"
    over = ", rules overridden" if stay.overridden else ""
    return f"v{shortened(stay.version, 12)} {how}{over}<br>{formats.absolute(stay.start)} – {end}"
