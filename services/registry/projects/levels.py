"""What a project's answers say in numbers: thresholds that gates take, and levels that charts show."""

from __future__ import annotations

from typing import Literal

from services.contracts.identity import Action, require
from services.contracts.projects import GetMetricLevels, MetricLevel
from services.registry.projects.handlers import Projects
from services.registry.projects.project import Project
from services.registry.values import mapping
from services.runtime.context import Context

MINIMUM_ITEM, CONSTRAINTS_ITEM = "minimum_performance", "constraints"
METRICS_ITEM, EXPERT_ITEM = "metrics", "expert_level"


def values_of(project: Project, item: str) -> dict[str, str]:
    """The structured parts of an answer, empty if there is none; gates take their thresholds from here."""
    answer = project.record(item).answer
    return {} if answer is None else mapping(answer.fields)


def levels_of(project: Project) -> list[MetricLevel]:
    """What experts reach and what is worth shipping, where the answers name a metric and a number."""
    answers = {item: values_of(project, item) for item in (MINIMUM_ITEM, METRICS_ITEM, EXPERT_ITEM)}
    lower = {values.get("metric") for values in answers.values() if values.get("direction") == "lower"}
    kinds: tuple[tuple[Literal["expert", "minimum"], str], ...] = (("expert", EXPERT_ITEM), ("minimum", MINIMUM_ITEM))
    return [
        MetricLevel(
            metric=metric, kind=kind, value=float(value), higher_is_better=metric not in lower, project_id=project.id
        )
        for kind, item in kinds
        if (metric := answers[item].get("metric")) and (value := answers[item].get("value"))
    ]


class Levels:
    def __init__(self, projects: Projects) -> None:
        self._projects = projects

    async def get(self, request: GetMetricLevels, context: Context) -> list[MetricLevel]:
        require(context.principal, Action.READ)
        return levels_of(await self._projects.owning(context, request.thing))
