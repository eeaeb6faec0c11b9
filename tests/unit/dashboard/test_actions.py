"""Actions: each fits the gateway's schema, has a form, and makes an input of what was filled in."""

from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLNonNull, build_schema, parse, validate

from dashboard.actions import ACTIONS as DONE_ON_PAGES
from dashboard.actions import answer_input, patterns
from dashboard.components.acting import Action, form, missing
from dashboard.gateway.views import Outcome, PurgeReport
from dashboard.live.frames import children_text
from dashboard.saved_views import VIEWS

ACTIONS = (*DONE_ON_PAGES, *VIEWS)

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
    "runId": "r",
    "alias": "champion",
    "tag": "team",
    "webhookId": "w",
    "silenceId": "s",
    "experimentId": "1",
    "viewId": "v",
    "title": "best",
    "page": "runs",
    "state": "filter=x",
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
    spelled = {"model.delete": "flights", "version.delete": "flights 3", "deleted.purge": "for good"}.get(action.name)
    values = {field.name: field.value or FILLED[field.kind] for field in action.fields(GIVEN)}
    return {**values, "spelled": spelled} if spelled else values


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


def test_what_does_not_come_back_is_deleted_only_when_its_name_is_written() -> None:
    delete = next(action for action in ACTIONS if action.name == "version.delete")
    held = {"model": "flights", "version": "3"}
    assert delete.variables({**held, "spelled": " flights 3 "}) == held
    with pytest.raises(ValueError, match="nothing was deleted"):
        delete.variables({**held, "spelled": "flights 4"})


def test_a_rule_keeps_what_its_form_does_not_ask_for() -> None:
    change = next(action for action in ACTIONS if action.name == "rule.set")
    rule = {"name": "drift", "metric": "FEATURE_DRIFT", "exceptFeatures": ["temp"], "reopenWithin": 9, "windows": 7}
    given = {"model": "flights", "version": "3", "rules": [rule], "known": rule, "name": "drift"}
    form_says = {field.name: field.value for field in change.fields(given)}
    assert form_says["windows"] == 7
    said = change.variables({**given, **form_says, "features": "dewp, humid", "windows": 14})["rules"][0]
    assert (said["windows"], said["features"]) == (14, ["dewp", "humid"])
    assert (said["exceptFeatures"], said["reopenWithin"]) == (["temp"], 9)


def test_an_answer_takes_its_structured_parts_with_it() -> None:
    said = answer_input({**GIVEN, "text": " a ", "field:metric": "auc", "field:value": "", "field:direction": None})
    assert said == {
        "projectId": "p",
        "item": "objective",
        "expected": 1,
        "text": "a",
        "fields": [{"key": "metric", "value": "auc"}],
    }


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_the_way_back_is_an_action_that_gets_what_it_needs(action: Action) -> None:
    """Every undo names an action whose input the schema takes, made of what was known before."""
    known = {field.name: field.value or FILLED[field.kind] for field in action.fields({**GIVEN, "known": {}})}
    given = {**GIVEN, **known, "patterns": "model:flight-*", "aliases": {}, "changed": "c", "text": "words"}
    given |= {"former": {"text": "before"}, "gates": [], "approvals": 2}
    plain = action.name in ("gate.approvals", "run.describe", "version.describe", "model.describe")
    if not action.name.startswith("gate.") or plain:
        given["known"] = 1 if plain else {"name": "before", "title": "before"}
    back = action.undo(given)
    if back is None:
        return
    name, said = back
    undoing = next(one for one in ACTIONS if one.name == name)
    assert SCHEMA.mutation_type
    kind = SCHEMA.mutation_type.fields[undoing.mutation].args["input"].type
    kind = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    assert isinstance(kind, GraphQLInputObjectType)
    made = undoing.variables({**given, **said})
    assert set(made) <= set(kind.fields)
    if "expected" in said:
        assert said["expected"] == GIVEN["expected"] + 1


def test_a_new_alias_is_taken_away_again_and_a_moved_one_goes_back() -> None:
    alias = next(action for action in ACTIONS if action.name == "model.alias")
    held = {"model": "flights", "alias": "champion", "version": "4"}
    assert alias.undo({**held, "aliases": {}}) == ("model.unalias", {"model": "flights", "alias": "champion"})
    back = alias.undo({**held, "aliases": {"champion": "3"}})
    assert back == ("model.alias", {"model": "flights", "alias": "champion", "version": "3"})


def test_a_silence_ends_a_tag_gets_its_former_value_and_an_answer_its_former_words() -> None:
    by_name = {action.name: action for action in ACTIONS}
    assert by_name["silence.set"].undo({"changed": "s9"}) == ("silence.end", {"silenceId": "s9"})
    tag = {"runId": "r", "tag": "team", "value": "b"}
    assert by_name["run.tag"].undo({**tag, "tags": {}}) == ("run.untag", {"runId": "r", "tag": "team"})
    assert by_name["run.tag"].undo({**tag, "tags": {"team": "a"}}) == ("run.tag", {**tag, "value": "a"})
    answer = {"projectId": "p", "item": "i", "expected": 4}
    assert by_name["project.answer"].undo(answer) == ("project.clear", {**answer, "expected": 5})
    former = {"text": "before", "fields": {"metric": "auc"}}
    back = ("project.answer", {**answer, "expected": 5, "text": "before", "field:metric": "auc"})
    assert by_name["project.answer"].undo({**answer, "former": former}) == back


def test_deleting_for_good_goes_on_until_there_is_no_more_and_says_what_went() -> None:
    purge = next(action for action in ACTIONS if action.name == "deleted.purge")
    with pytest.raises(ValueError, match="nothing was deleted"):
        purge.variables({"days": 30, "spelled": "yes"})
    with pytest.raises(ValueError, match="days"):
        purge.variables({"days": -1, "spelled": "for good"})
    first = purge.variables({"days": "7", "spelled": "for good"})
    assert first == {"days": 7.0}
    part = Outcome(report=PurgeReport(runs=48, kept_runs=["r1", "r2"], more=True))
    then = purge.further(first, part)
    assert then == {"days": 7.0, "keptRuns": 2, "keptModels": 0}
    last = Outcome(report=PurgeReport(runs=3, experiments=1, kept_models=["m"]))
    assert purge.further(then, last) is None
    assert purge.tells is not None
    said = purge.tells([part, last])
    assert said.startswith("Gone for good: 51 runs, 0 logged models, 1 experiment.")
    assert "3 stay" in said
