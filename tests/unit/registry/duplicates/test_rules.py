"""When two experiments are the same."""

import pytest

from services.registry.duplicates import rules
from services.registry.duplicates.handlers import defaults_in


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "1.0"), ("1e-3", "0.001"), ("1e0", " 1 "), ("-0.0", "0"), ("100", "1E+2"), ("True", "true"),
        ("None", "null"), ("[1, 2]", "(1.0, 2)"), ('{"b": 1, "a": 2}', "{'a': 2.0, 'b': 1}"), ("{2, 1}", "[1, 2]"),
        ("[True, None]", "[true, null]"),
    ],
)  # fmt: skip
def test_a_value_is_the_same_however_it_is_written(one: str, other: str) -> None:
    assert rules.normalised(one) == rules.normalised(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("1", "2"), ("1", "true"), ("0", "none"), ("adam", "Adam"), ("[1, 2]", "[2, 1]"), ("1_0", "10"), ("", "none")],
)
def test_different_values_stay_different(one: str, other: str) -> None:
    assert rules.normalised(one) != rules.normalised(other)


@pytest.mark.parametrize(
    "odd", ["(" * 1000, "1e99999999999", "9" * 100, "[__import__('os')]", "{[]: 1}", "𝟙", "\ud800"]
)
def test_an_odd_value_is_compared_as_text(odd: str) -> None:
    assert rules.normalised(odd) == odd.strip()


def test_a_parameter_with_its_default_counts_as_not_named() -> None:
    plain = rules.fingerprint({"lr": "0.1"}, None, None, None, {})
    named = rules.fingerprint({"depth": "3.0", "lr": "0.10"}, None, None, None, {"depth": "3"})
    assert plain == named


def test_datasets_are_a_set() -> None:
    one = rules.fingerprint({"a": "1"}, ["y", "x", "x"], None, None, {})
    assert rules.differences(one, rules.fingerprint({"a": "1"}, ["x", "y"], "c", "e", {})) == []


def test_what_isnt_known_isnt_compared_and_what_differs_is_named() -> None:
    asked = rules.fingerprint({"a": "1", "b": "2"}, ["x"], "abc", None, {})
    found = rules.fingerprint({"a": "1", "c": "3"}, ["y"], "def", "train.py", {})
    differing = [(entry.key, entry.asked, entry.found) for entry in rules.differences(asked, found)]
    assert differing == [
        ("b", "2", None), ("c", None, "3"), ("dataset", "x", "y"), ("code version", "abc", "def"),
    ]  # fmt: skip


def test_the_same_script_in_another_directory_is_the_same_entry_point() -> None:
    assert rules.entry_point("/home/anna/train.py") == rules.entry_point("C:\\ben\\train.py") == "train.py"
    assert rules.entry_point("") is rules.entry_point(None) is rules.entry_point("/") is None


def test_an_effect_is_told_for_common_metrics() -> None:
    assert rules.effect({"auc": 0.5, "loss": 1.0}, {"auc": 0.75}) == {"auc": 0.25}


def test_an_experiments_defaults_are_a_json_object_of_plain_values() -> None:
    read = defaults_in('{"depth": 3, "fit": true, "lr": 0.1, "solver": "lbfgs"}')
    assert {key: rules.normalised(value) for key, value in read.items()} == {
        "depth": "3", "fit": "true", "lr": "0.1", "solver": "lbfgs",
    }  # fmt: skip
    assert defaults_in("[1]") == defaults_in("no json") == defaults_in("") == {}
