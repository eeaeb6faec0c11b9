"""How watched versions perform now: one figure of each, from windows that speak for their time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from dashboard.attention import SMALLEST_PART
from dashboard.figures.performance import Measure, measures
from dashboard.gateway.views import ModelRow, Monitored, Window
from dashboard.recent import windows_of
from dashboard.site import Visit

CHAMPION = "champion"


@dataclass(frozen=True, slots=True)
class Performing:
    """A watched version with its newest windows, oldest first."""

    monitored: Monitored
    windows: Sequence[Window]

    @property
    def measure(self) -> Measure:
        """The foremost one that a window knows: without scores there is no ROC-AUC, but an accuracy."""
        known = measures(self.monitored.task)
        return next((one for one in known if self._values(one)), known[0])

    @property
    def points(self) -> list[tuple[Window, float]]:
        """The windows whose labels are enough to speak for them, with the figure; of closed windows, if there are any.

        Labels arrive late, and the first ones aren't a sample: a window counts once it has SMALLEST_PART of the labels
        that windows have here.
        """
        known = self._values(self.measure)
        closed = [pair for pair in known if pair[0].closed] or known
        usual = median(_labelled(window) for window, _ in closed) if closed else 0
        return [pair for pair in closed if _labelled(pair[0]) >= SMALLEST_PART * usual]

    def _values(self, measure: Measure) -> list[tuple[Window, float]]:
        return [
            (window, value)
            for window in self.windows
            if window.performance and (value := getattr(window.performance, measure.key)) is not None
        ]


def _labelled(window: Window) -> int:
    return window.performance.labelled if window.performance else 0


async def performing(visit: Visit, monitored: Sequence[Monitored]) -> list[Performing]:
    """All of them, asked for at once."""
    recent = await windows_of(visit, list(monitored))
    return [Performing(one, windows) for one, windows in zip(monitored, recent, strict=True)]


async def of_models(
    visit: Visit, models: Sequence[ModelRow], monitored: Sequence[Monitored]
) -> Mapping[str, Performing]:
    """By the model's name: its champion, or its newest version under watch."""
    chosen = [one for model in models if (one := watched_version(model, monitored)) is not None]
    return {one.monitored.model: one for one in await performing(visit, chosen)}


def watched_version(model: ModelRow, monitored: Sequence[Monitored]) -> Monitored | None:
    champion = next((alias.version for alias in model.aliases if alias.name == CHAMPION), None)
    own = [one for one in monitored if one.model == model.name]
    return max(own, key=lambda one: (one.version == champion, _number(one.version)), default=None)


def _number(version: str) -> int:
    return int(version) if version.isdigit() else 0
