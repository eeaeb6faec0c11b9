"""The project's board as the demonstration sees it: finds it, fills what is open, waits for evidence to arrive."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from deploy.demo.plans import EXPERIMENT, MODEL
from deploy.demo.story.graphql import Colleague
from deploy.local.problems import Problem

PROJECT: Final = "Late arrivals"
DATASETS: Final = "flights-2013-*"
PATIENCE: Final = 45.0  # seconds for an event to reach the board on a busy machine
_PAUSE: Final = 0.2

_PROJECTS: Final = "query { projects(first: 100) { nodes { projectId name } } }"
_BOARD: Final = """query ($id: String!) { project(id: $id) {
  revision
  milestones { id title done due owner revision }
  assumptions { id text status revision }
  stages { key number title state again attention items { key state answer revision } } } }"""


class EvidenceMissing(Problem):
    """Something happened and the board doesn't show it."""


class Item(msgspec.Struct, frozen=True):
    """An item of a stage."""

    key: str
    state: str
    answer: str
    revision: int


class Stage(msgspec.Struct, frozen=True):
    """A stage; `again` says why it is gone through once more, `attention` what is wrong."""

    key: str
    number: int
    title: str
    state: str
    again: str
    attention: list[str]
    items: list[Item]


class Milestone(msgspec.Struct, frozen=True):
    """What is due when."""

    id: str
    title: str
    done: bool
    due: str
    owner: str
    revision: int


class Assumption(msgspec.Struct, frozen=True):
    """What is taken for true."""

    id: str
    text: str
    status: str
    revision: int


class Board(msgspec.Struct, frozen=True):
    """All of it at one moment."""

    milestones: list[Milestone]
    assumptions: list[Assumption]
    stages: list[Stage]

    def item(self, key: str) -> Item:
        """The item with this key."""
        return next(item for stage in self.stages for item in stage.items if item.key == key)


async def find_project(colleague: Colleague) -> str | None:
    """The id of the demonstration's project, or None."""
    found = (await colleague.ask(_PROJECTS))["projects"]["nodes"]
    return next((project["projectId"] for project in found if project["name"] == PROJECT), None)


async def create_project(colleague: Colleague) -> str:
    """The project, made if it isn't there; it owns by name what the colleagues are about to make."""
    found = await find_project(colleague)
    if found is not None:
        return found
    patterns = [("EXPERIMENT", EXPERIMENT), ("MODEL", MODEL), ("DATASET", DATASETS)]
    payload = await colleague.do(
        "createProject",
        {
            "name": PROJECT,
            "description": "Tell travellers and crews which flights from New York will arrive more than "
            "15 minutes late, when they depart as planned.",
            "patterns": [{"kind": kind, "glob": glob} for kind, glob in patterns],
        },
        "changedId",
    )
    colleague.say(f"opens the project “{PROJECT}”")
    return str(payload["changedId"])


async def look(colleague: Colleague, project_id: str) -> Board:
    """The board as it is now."""
    found: Any = (await colleague.ask(_BOARD, id=project_id))["project"]
    return msgspec.convert(found, Board)


async def fill(
    colleague: Colleague,
    project_id: str,
    answers: Mapping[str, str],
    values: Mapping[str, Mapping[str, str]] | None = None,
) -> int:
    """Answers those of the items that nobody has answered; how many that were. `values`: their structured parts."""
    board = await look(colleague, project_id)
    filled = 0
    for item, text in answers.items():
        if board.item(item).answer:
            continue
        fields = [{"key": key, "value": value} for key, value in (values or {}).get(item, {}).items()]
        await colleague.do("fillAnswer", {"projectId": project_id, "item": item, "text": text, "fields": fields})
        filled += 1
    return filled


async def shown(colleague: Colleague, project_id: str, items: Iterable[str], patience: float = PATIENCE) -> Board:
    """The board once all of `items` are done: evidence arrives by events. Raises EvidenceMissing."""
    wanted = list(items)
    deadline = time.monotonic() + patience
    while True:
        board = await look(colleague, project_id)
        missing = [key for key in wanted if board.item(key).state not in ("DONE", "WAIVED")]
        if not missing:
            return board
        if time.monotonic() > deadline:
            raise EvidenceMissing(
                f"For {patience:.0f} seconds the board of “{PROJECT}” has not shown {', '.join(missing)}.",
                "Look at the registry's log (`lifecycle logs registry`), then run the demonstration again.",
            )
        await asyncio.sleep(_PAUSE)
