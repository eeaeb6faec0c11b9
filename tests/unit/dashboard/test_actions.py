"""Actions: each fits the gateway's schema, has a form, and makes an input of what was filled in."""

from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLNonNull, build_schema, parse, validate

from dashboard.actions import ACTIONS, answer_input, patterns
from dashboard.components.acting import Action, form, missing
from dashboard.live.frames import children_text

SCHEMA = build_schema((Path(__file__).parents[3] / "services" / "gateway" / "schema.graphql").read_text())
GIVEN: dict[str, Any] = {
    "projectId": "p",
    "item": "objective",
    "expected": 1,
    "stage": "building",
    "model": "flights",
    "version": "3",
    "digest": "d",
    "environment": "production",
    "insightId": "i",
    "alertId": "a",
    "id": "x",
    "kind": "run",
    "earlier": {"business": "1. Business"},
    "choices": ["2"],
}
FILLED = {
    "text": "words",
    "long": "words",
    "choice": "OPEN",
    "many": [],
    "date": "2026-11-22",
    "number": 1,
    "check": False,
}


def given_to(action: Action) -> dict[str, Any]:
    """What a button knows; one that makes something new knows no id of it."""
    return {
        key: value
        for key, value in GIVEN.items()
        if not (action.name.endswith(".create") and key in ("projectId", "expected"))
    }


def filled(action: Action) -> dict[str, Any]:
    return {field.name: field.value or FILLED[field.kind] for field in action.fields(GIVEN)}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_an_action_fits_the_schema_and_can_be_shown(action: Action) -> None:
    assert validate(SCHEMA, parse(action.document)) == []
    children_text(form(action, GIVEN))
    answers = filled(action)
    if "patterns" in answers:
        answers["patterns"] = "model:flight-*"
    said = action.variables({**given_to(action), "text": "words", **answers})
    assert SCHEMA.mutation_type
    kind = SCHEMA.mutation_type.fields[action.mutation].args["input"].type
    kind = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    assert isinstance(kind, GraphQLInputObjectType)
    assert set(said) <= set(kind.fields)
    needed = {name for name, field in kind.fields.items() if isinstance(field.type, GraphQLNonNull)}
    assert needed <= set(said) | {name for name, field in kind.fields.items() if field.default_value is not None}
    assert ("idempotencyKey" in kind.fields) == action.keyed


def test_names_of_actions_are_unique() -> None:
    assert len({action.name for action in ACTIONS}) == len(ACTIONS)


def test_a_required_field_is_named_when_it_is_empty() -> None:
    waive = next(action for action in ACTIONS if action.name == "project.waive")
    assert "Why it isn't needed here" in missing(waive, GIVEN, {"reason": "  "})
    assert missing(waive, GIVEN, {"reason": "because"}) == ""


def test_patterns_are_one_a_line_and_nonsense_is_refused_in_words() -> None:
    assert patterns("model:flight-*\n\n dataset: flights ") == [
        {"kind": "MODEL", "glob": "flight-*"},
        {"kind": "DATASET", "glob": "flights"},
    ]
    with pytest.raises(ValueError, match="isn't one of"):
        patterns("models/flight")


def test_an_answer_takes_its_structured_parts_with_it() -> None:
    said = answer_input({**GIVEN, "text": " a ", "field:metric": "auc", "field:value": "", "field:direction": None})
    assert said == {
        "projectId": "p",
        "item": "objective",
        "expected": 1,
        "text": "a",
        "fields": [{"key": "metric", "value": "auc"}],
    }
