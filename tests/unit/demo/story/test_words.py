"""What the colleagues write fits the board's template and the gates fit what is measured."""

import pytest

from deploy.demo.flights import FEATURES
from deploy.demo.story import words
from deploy.demo.story.datasets import origin
from services.registry.projects.templates import NEWEST, Item, template

ANSWERED_LATER = {"shortlist", "assumptions_again", "error_analysis", "fail_safe", "response_plan"}
BY_MILESTONES_AND_ASSUMPTIONS = {"milestones", "assumptions"}


def _items() -> dict[str, Item]:
    found = template(NEWEST)
    assert found is not None
    return {item.key: item for stage in found.stages for item in stage.items}


def test_every_question_of_the_board_that_only_people_answer_gets_an_answer() -> None:
    wanted = {key for key, item in _items().items() if item.kind == "answer" and not item.optional}
    assert wanted <= {*words.SCOPE, *words.DATA, *ANSWERED_LATER, *BY_MILESTONES_AND_ASSUMPTIONS}


@pytest.mark.parametrize("key", [*words.SCOPE, *words.DATA])
def test_every_answer_is_to_a_question_that_people_may_answer(key: str) -> None:
    assert _items()[key].kind in ("answer", "either")


@pytest.mark.parametrize("key", list(words.SCOPE_VALUES))
def test_structured_answers_name_the_items_own_fields(key: str) -> None:
    fields = {field.key: field for field in _items()[key].fields}
    values = words.SCOPE_VALUES[key]
    assert set(values) <= set(fields)
    assert {name for name, field in fields.items() if field.required} <= set(values)
    assert all(not fields[name].choices or value in fields[name].choices for name, value in values.items())


def test_every_feature_says_which_table_it_comes_from() -> None:
    tables = {name: origin(name).split(":")[0] for name in FEATURES}
    assert set(tables.values()) == {"weather", "planes", "flights"}
    assert (tables["wind_gust"], tables["seats"], tables["carrier"]) == ("weather", "planes", "flights")
