"""Asks both servers all cases, many at a time, and says where they differ."""

import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

from tests.contract.mlflow.asking import Case, Server, Step, differences
from tests.contract.mlflow.conftest import Both

AT_A_TIME = 4
"""Cases that a server is asked together."""
EVERYBODYS = ("experiments/search", "registered-models/search", "model-versions/search")
"""What finds other cases' things too."""
READS = ("/search", "/search-datasets", "/get-latest-versions")
"""How requests that change nothing end, beside those with GET."""
MADE_IN_PLACES = ("runs/create", "logged-models")

Answers = dict[str, list[Any]]


def verdicts(both: Both, cases: Sequence[Case]) -> dict[str, list[str]]:
    """Where the two differ, by case.

    Cases that look at everything are asked one after the other, before the others make things. Where the two differ
    although they shouldn't, the case is asked once more with nothing beside it: what remains is no accident.
    """
    sensitive = [case for case in cases if any(step.path in EVERYBODYS for step in case.steps)]
    among = {case.name for case in sensitive}
    found = _compared(both, sensitive, at_a_time=1)
    found |= _compared(both, [case for case in cases if case.name not in among], at_a_time=AT_A_TIME)
    doubtful = [case for case in cases if found[case.name] and not case.differs]
    return found | _compared(both, doubtful, at_a_time=1, sharing=False)


@dataclass(frozen=True)
class Plan:
    """A case, its word, and how many of its first steps are asked once for all cases that begin so."""

    case: Case
    word: str
    shared: int

    @property
    def beginning(self) -> tuple[Step, ...]:
        return self.case.steps[: self.shared]


def shareable(case: Case) -> int:
    """How many of its first steps a case may share: up to the last that changes something, as it only reads after it;
    or one that makes the experiment, if that is but the place for what it makes next."""
    writes = [number for number, step in enumerate(case.steps) if not _reads(step)]
    if not writes or writes[-1] < len(case.steps) - 1:
        return writes[-1] + 1 if writes else 0
    return 1 if _makes_a_place(case.steps[0]) and all(_in_place(step) for step in case.steps[1:]) else 0


def _reads(step: Step) -> bool:
    return step.method == "GET" or step.path.endswith(READS)


def _makes_a_place(step: Step) -> bool:
    return (step.path, step.body, dict(step.save)) == ("experiments/create", {"name": "$u"}, {"exp": "experiment_id"})


def _in_place(step: Step) -> bool:
    said = f"{step.path} {step.body}"
    return step.path in MADE_IN_PLACES or "mlflow-artifacts" in step.path or ("$exp" not in said and "$u" not in said)


def walked(both: Both, walks: Sequence[Case]) -> dict[str, list[str]]:
    """Where the two differ on random walks, but for the words of refusals and for what the peer fails at with 500."""
    mine, theirs = _both_answers(both, walks, AT_A_TIME, sharing=False)
    return {walk.name: list(apart_on(walk, mine[walk.name], theirs[walk.name])) for walk in walks}


def apart_on(walk: Case, mine: Sequence[Any], theirs: Sequence[Any]) -> Iterator[str]:
    for step, one, other in zip(walk.steps, mine, theirs, strict=True):
        if not (one["status"] == 400 and other["status"] == 500):
            yield from differences(Case("", (step,)), [{**one, "said": ""}], [{**other, "said": ""}])


def _compared(both: Both, cases: Sequence[Case], at_a_time: int, *, sharing: bool = True) -> dict[str, list[str]]:
    mine, theirs = _both_answers(both, cases, at_a_time, sharing=sharing)
    return {case.name: list(differences(case, mine[case.name], theirs[case.name])) for case in cases}


def _both_answers(both: Both, cases: Sequence[Case], at_a_time: int, *, sharing: bool) -> tuple[Answers, Answers]:
    plans = [Plan(case, f"u{uuid.uuid4().hex[:10]}", shareable(case) if sharing else 0) for case in cases]

    def all_answers(client: httpx.Client) -> Answers:
        with ThreadPoolExecutor(at_a_time) as pool:
            begun = {repr(plan.beginning): plan for plan in plans}
            worlds = dict(zip(begun, pool.map(lambda plan: _begun(client, plan), begun.values()), strict=True))
            found = pool.map(lambda plan: _answers(client, plan, *worlds[repr(plan.beginning)]), plans)
            return {plan.case.name: answers for plan, answers in zip(plans, found, strict=True)}

    with ThreadPoolExecutor(2) as pool:
        mine, theirs = pool.map(all_answers, (both.ours, both.theirs))
    return mine, theirs


def _begun(client: httpx.Client, plan: Plan) -> tuple[Server, list[Any]]:
    server = Server(client, plan.word)
    return server, asked(server, plan.beginning)


def _answers(client: httpx.Client, plan: Plan, world: Server, begun: Sequence[Any]) -> list[Any]:
    server = Server(client, plan.word)
    if plan.shared:
        server.saved.update(world.saved)
    return [*begun, *asked(server, plan.case.steps[plan.shared :])]


def asked(server: Server, steps: Sequence[Step]) -> list[Any]:
    """The answers to the steps; from where the connection breaks, that it did."""
    answers: list[Any] = []
    for step in steps:
        try:
            answers.append(server.ask(step))
        except httpx.TransportError as error:
            return answers + [f"{type(error).__name__}: {error}"] * (len(steps) - len(answers))
    return answers
