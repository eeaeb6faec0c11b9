"""Asks both servers all cases, many at a time, and says where they differ."""

import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.contract.mlflow.asking import Case, Server, differences
from tests.contract.mlflow.conftest import Both

AT_A_TIME = 4
"""Cases that a server is asked together."""
EVERYBODYS = ("experiments/search", "registered-models/search", "model-versions/search")
"""What finds other cases' things too."""

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
    return found | _compared(both, doubtful, at_a_time=1)


def _compared(both: Both, cases: Sequence[Case], at_a_time: int) -> dict[str, list[str]]:
    words = {case.name: f"u{uuid.uuid4().hex[:10]}" for case in cases}

    def all_answers(client: httpx.Client) -> Answers:
        with ThreadPoolExecutor(at_a_time) as pool:
            found: Iterable[list[Any]] = pool.map(lambda case: _answers(client, case, words[case.name]), cases)
            return {case.name: answers for case, answers in zip(cases, found, strict=True)}

    with ThreadPoolExecutor(2) as pool:
        mine, theirs = pool.map(all_answers, (both.ours, both.theirs))
    return {case.name: list(differences(case, mine[case.name], theirs[case.name])) for case in cases}


def _answers(client: httpx.Client, case: Case, word: str) -> list[Any]:
    server = Server(client, word)
    answers: list[Any] = []
    for step in case.steps:
        try:
            answers.append(server.ask(step))
        except httpx.TransportError as error:
            return answers + [f"{type(error).__name__}: {error}"] * (len(case.steps) - len(answers))
    return answers
