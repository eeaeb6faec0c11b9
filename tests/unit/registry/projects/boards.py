"""Builders for tests of boards."""

from services.contracts.projects import Proof, Thing
from services.registry.projects import rules
from services.registry.projects.board import item_state, stage_state
from services.registry.projects.project import BoardEvent, Project, applied, started
from services.registry.projects.rules import Found

NOW = 1_800_000_000_000
DAY = 24 * 3600 * 1000


def new(name: str = "Flights", now: int = NOW) -> Project:
    return started(rules.created("p1", name, "", [], None, now, "anna"))


def after(project: Project, *events: BoardEvent | None) -> Project:
    for event in events:
        assert event is not None
        project = applied(project, event)
    return project


def answered(project: Project, item: str, text: str = "said", **fields: str) -> Project:
    return after(project, rules.answered(project, NOW, "anna", item=item, text=text, fields=fields))


def found(item: str, verdict: str = "good", about: str = "run:1", note: str = "") -> Found:
    return Found(item=item, about=about, verdict=verdict, proof=Proof(kind="run", id="1"), note=note)  # type: ignore[arg-type]


def evidence(project: Project, finding: Found, thing: Thing | None = None, now: int = NOW) -> Project:
    event = rules.evidence_found(project, now, "service", finding, thing, "e1")
    return project if event is None else applied(project, event)


def state(project: Project, stage: str) -> str:
    return stage_state(project, project.stage(stage))


def ticked(project: Project, item: str) -> str:
    return item_state(project, project.find(item)[1])
