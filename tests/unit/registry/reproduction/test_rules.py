"""The score names what is missing, the plan holds what is there, a repeat is compared within its tolerance."""

import json
import math
from datetime import UTC, datetime

import pytest

from services.contracts.errors import Invalid, TooLarge
from services.contracts.registry import RunView
from services.contracts.reproduction import DataReference
from services.registry.reproduction import rules
from services.registry.reproduction.rules import Facts, File

DATA = DataReference(dataset="d", digest="x", context="training", location="s3://d", source_type="s3")
FILES = [
    File(path="lifecycle/uncommitted.diff", key="1/r/artifacts/lifecycle/uncommitted.diff", size=10, sha256="a"),
    File(path="model/requirements.txt", key="1/r/artifacts/model/requirements.txt", size=20, sha256="b"),
    File(path="requirements.txt", key="1/models/m/artifacts/requirements.txt", size=20, sha256="b"),
]


def run(**changes: object) -> RunView:
    values: dict[str, object] = {
        "id": "r1", "experiment_id": "1", "experiment_name": "e", "name": "n", "status": "FINISHED",
        "lifecycle_stage": "active", "user": "anna", "start_time": datetime(2026, 1, 1, tzinfo=UTC),
        "params": {"random_state": "7"}, "metrics": {"auc": 0.7}, "source": "train.py", "git_commit": "abc",
        **changes,
    }  # fmt: skip
    return RunView(**values)  # type: ignore[arg-type]


def facts(**changes: object) -> Facts:
    return Facts(run=run(**changes), datasets=[DATA], files=FILES)


def score(one: Facts) -> float:
    return rules.score(rules.ingredients(one))


def test_weights_sum_to_one_and_a_whole_record_scores_one() -> None:
    assert sum(rules.WEIGHTS.values()) == pytest.approx(1)
    assert score(facts()) == 1


def test_a_bare_run_scores_nothing_and_is_told_how_to_do_better() -> None:
    bare = Facts(run=run(params={}, source=None, git_commit=None), datasets=[], files=[])
    views = rules.ingredients(bare)
    assert rules.score(views) == 0
    assert rules.missing(views) == list(rules.WEIGHTS)
    assert all(view.fix for view in views)


@pytest.mark.parametrize(
    ("one", "lacking"),
    [
        (facts(git_commit=None), "code_version"),
        (Facts(run=run(), datasets=[DATA], files=FILES[1:]), "clean_code"),
        (facts(source="jupyter"), "entry_point"),
        (facts(params={"lr": "1"}), "seed"),
        (facts(params={"seed": "None"}), "seed"),
        (Facts(run=run(), datasets=[DATA], files=FILES[:1]), "environment"),
    ],
)
def test_what_is_missing_is_named(one: Facts, lacking: str) -> None:
    assert rules.missing(rules.ingredients(one)) == [lacking]
    assert score(one) == pytest.approx(1 - rules.WEIGHTS[lacking])  # type: ignore[index]


def test_code_that_was_all_committed_needs_no_difference() -> None:
    clean = Facts(run=run(tags={rules.DIRTY_TAG: "false"}), datasets=[DATA], files=FILES[1:])
    assert score(clean) == 1


def test_the_plan_has_the_exact_command_and_each_file_once() -> None:
    command = ["python", "-m", "train", "--lr", "0.1"]
    plan = rules.plan(facts(tags={rules.COMMAND_TAG: json.dumps(command), rules.DIRECTORY_TAG: "src"}))
    assert (plan.command, plan.working_directory, plan.seeds) == (command, "src", {"random_state": "7"})
    assert plan.diff is not None
    assert [file.path for file in plan.environment] == ["model/requirements.txt"]
    assert rules.plan(facts()).command == ["python", "train.py"]


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "[1, 2]", '{"a": 1}'])
def test_a_command_that_cant_be_read_is_the_script(text: str) -> None:
    assert rules.command_of(run(tags={rules.COMMAND_TAG: text})) == ["python", "train.py"]


def attempt(again: dict[str, float], tolerance: float = 0.0, **changes: object) -> tuple[str, list[str]]:
    wish: dict[str, object] = {
        "attempt_id": "t", "rerun_id": "r2", "failed": False, "note": "", "who": "anna", "now": 1, **changes,
    }  # fmt: skip
    one = run(metrics={"auc": 0.7, "loss": 1.0, "odd": math.nan})
    after, event = rules.attempted(None, one, again=again, tolerance=tolerance, **wish)  # type: ignore[arg-type]
    assert after.attempts[-1].outcome == event.outcome
    return event.outcome, event.differing


def test_a_repeat_is_compared_within_its_tolerance() -> None:
    same = {"auc": 0.7, "loss": 1.0, "odd": math.nan}
    assert attempt(same) == ("reproduced", [])
    assert attempt({**same, "loss": 1.001}) == ("differs", ["loss"])
    assert attempt({**same, "loss": 1.001}, 0.01) == ("reproduced", [])
    assert attempt({"auc": 0.7}) == ("differs", ["loss", "odd"])
    assert attempt({"other": 1.0}) == ("failed", ["auc", "loss", "odd"])
    assert attempt({}, failed=True) == ("failed", [])


def test_an_attempt_that_cant_be_is_refused() -> None:
    for wish in ({"tolerance": -0.1}, {"tolerance": math.nan}, {"rerun_id": "r1"}):
        with pytest.raises(Invalid):
            attempt({"auc": 0.7}, **wish)  # type: ignore[arg-type]
    with pytest.raises(TooLarge):
        attempt({"auc": 0.7}, note="x" * 10_001)


def test_the_newest_attempts_are_kept() -> None:
    one, kept = run(), None
    for number in range(rules.MANY_ATTEMPTS + 5):
        kept, _ = rules.attempted(
            kept, one, attempt_id=str(number), again={"auc": 0.7}, rerun_id=None, failed=False, tolerance=0.0, note="",
            who="anna", now=number,
        )  # fmt: skip
    assert kept is not None
    assert (len(kept.attempts), kept.attempts[-1].id, kept.v) == (rules.MANY_ATTEMPTS, "104", 105)
    assert rules.view(facts(), kept).attempts[0].id == "104", "newest first"
