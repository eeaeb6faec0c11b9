"""Every case is asked of a real mlflow server and of ours, and both must answer the same."""

import dataclasses

import pytest

from tests.contract.mlflow.asking import Case, Server, differences
from tests.contract.mlflow.cases import artifacts, experiments, logged_models, malformed, models, runs
from tests.contract.mlflow.known import DIFFERENCES

pytestmark = pytest.mark.timeout(400)  # starting the peer alone may take a minute on a busy machine

_MODULES = (experiments, runs, logged_models, models, artifacts, malformed)
CASES = [
    dataclasses.replace(case, differs=DIFFERENCES.get(case.name, "")) for module in _MODULES for case in module.CASES
]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_both_servers_answer_the_same(case: Case, servers: tuple[Server, Server]) -> None:
    found = list(differences(*servers, case))
    if case.differs:
        assert found, "both agree now: drop the reason for differing"
    else:
        assert not found, "\n".join(found)


def test_every_known_difference_is_a_case() -> None:
    assert set(DIFFERENCES) <= {case.name for case in CASES}


def test_case_names_are_unique() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
