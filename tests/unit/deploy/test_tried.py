"""`lifecycle tried`: reading parameters, and what scripts are told."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.local.problems import Problem
from deploy.local.tried import code_of, named
from services.contracts.duplicates import Difference, SimilarRun


def similar(exact: bool) -> SimilarRun:
    return SimilarRun(
        run_id="r", run_name="n", experiment_id="1", experiment_name="e", user="anna", status="FINISHED",
        start_time=datetime(2026, 1, 1, tzinfo=UTC), exact=exact,
        differences=[] if exact else [Difference(key="lr", asked="1", found="2")],
    )  # fmt: skip


def test_parameters_come_as_pairs_and_from_files_and_the_last_one_counts(tmp_path: Path) -> None:
    file = tmp_path / "params.json"
    file.write_text('{"lr": 0.1, "solver": "lbfgs", "fit": true, "layers": [1, 2]}')
    assert named([str(file), "lr=0.2", "note=a=b"]) == {
        "lr": "0.2", "solver": "lbfgs", "fit": "true", "layers": "[1,2]", "note": "a=b",
    }  # fmt: skip


@pytest.mark.parametrize("entry", ["lr", "=0.1", "/no/such/file.json"])
def test_what_is_neither_a_pair_nor_a_file_is_a_problem(entry: str) -> None:
    with pytest.raises(Problem):
        named([entry])


def test_a_file_that_is_no_json_object_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[1]")
    with pytest.raises(Problem, match="no JSON object"):
        named([str(tmp_path / "list.json")])


def test_the_exit_code_tells_scripts_whether_to_go_on() -> None:
    assert [code_of([], near=near) for near in (False, True)] == [0, 0]
    assert [code_of([similar(False)], near=near) for near in (False, True)] == [0, 11]
    assert code_of([similar(False), similar(True)], near=True) == 10
