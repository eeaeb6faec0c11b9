"""What is said of a run that somebody else did before."""

from typing import Any

from deploy.demo.story.acts import repeats


def _similar(user: str, *, exact: bool, differs: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "runName": "first try",
        "user": user,
        "exact": exact,
        "differences": [{"key": key} for key in differs],
    }


def test_an_exact_repeat_of_a_colleague_is_said() -> None:
    run = {"name": "again", "user": "ben", "similar": [_similar("anna", exact=True)]}
    assert repeats(run) == ["is told by the registry that “again” repeats anna's “first try” exactly"]


def test_a_near_repeat_names_what_differs_and_ones_own_runs_are_no_news() -> None:
    near = _similar("anna", exact=False, differs=("code version",))
    run = {"name": "again", "user": "ben", "similar": [_similar("ben", exact=True), near]}
    assert repeats(run) == ["is told by the registry that “again” repeats anna's “first try” but for code version"]
