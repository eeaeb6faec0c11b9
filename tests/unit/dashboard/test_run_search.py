"""What is typed above the runs becomes one question."""

from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, parse, validate
from graphql.execution.values import get_variable_values

from dashboard.gateway import operations as ask
from dashboard.run_search import asked, within
from services.contracts.errors import Invalid

SCHEMA = Path(__file__).parents[3] / "services" / "gateway" / "schema.graphql"


def word(text: str) -> dict[str, Any]:
    return {"or": [{name: {"ilike": f"%{text}%"}} for name in ("name", "user", "dataset")]}


@pytest.mark.parametrize(
    "text",
    [
        "metrics.roc_auc > 0.7 and params.max_depth = '6'",
        "attributes.user_id = 'this or that'",
        "status IN ('FAILED', 'KILLED')",
        "metrics.",
        "tags.`a and b` LIKE '%x%'",
        "params.a = 'never closed",
    ],
)
def test_a_filter_of_mlflow_is_passed_on_as_it_stands(text: str) -> None:
    assert asked(text) == {"filter": text}


def test_words_find_runs_by_name_user_or_data_and_all_of_them_have_to_be_there() -> None:
    assert asked(" otter ") == {"where": word("otter")}
    assert asked("otter anna") == {"where": {"and": [word("otter"), word("anna")]}}
    assert asked("'wise otter'") == {"where": word("wise otter")}
    assert asked("") == {}
    assert asked("0123456789abcdef" * 2) == {"filter": f"attributes.run_id = '{'0123456789abcdef' * 2}'"}


def test_or_joins_comparisons_and_words() -> None:
    found = asked("metrics.auc >= 0.7 and params.depth = '6' OR user = anna or lynx")
    assert found == {
        "where": {
            "or": [
                {"and": [{"metrics": [{"key": "auc", "ge": 0.7}]}, {"params": [{"key": "depth", "eq": "6"}]}]},
                {"user": {"eq": "anna"}},
                word("lynx"),
            ]
        }
    }
    assert asked('tags."my team" ilike "%ops%" and otter')["where"]["and"][0] == {
        "tags": [{"key": "my team", "ilike": "%ops%"}]
    }


@pytest.mark.parametrize(
    "text",
    ["metrics.auc > high or otter", "params.depth > 3 or otter", "nothing.x = 3 or otter", "attributes.x = 3 or a"],
)
def test_what_cannot_stand_beside_or_says_why(text: str) -> None:
    with pytest.raises(Invalid):
        asked(text)


def test_what_is_asked_fits_the_gateways_filter() -> None:
    schema, document = build_schema(SCHEMA.read_text()), parse(ask.RUNS.text)
    assert validate(schema, document) == []
    given = {"first": 1, **asked("metrics.a != 1 and tags.t = x or datasets.digest = 'a' and otter")}
    definitions = document.definitions[0].variable_definitions  # type: ignore[attr-defined]
    assert not isinstance(get_variable_values(schema, definitions, given), list)  # of errors


@pytest.mark.parametrize(
    ("text", "values", "told"),
    [
        ("", {"params.max depth": "6"}, "params.`max depth` = '6'"),
        ("metrics.auc > 0.7", {"user": "ann"}, "metrics.auc > 0.7 and attributes.user_id = 'ann'"),
        ("otter or lynx", {"tags.t": "a"}, "otter and tags.`t` = 'a' or lynx and tags.`t` = 'a'"),
        ("", {"params.d": "it's", "status": "FAILED"}, "params.`d` = \"it's\" and attributes.status = 'FAILED'"),
        ("", {"params.d": None}, "params.`d` IS NULL"),
        ("0" * 32, {"user": "ann"}, f"attributes.run_id = '{'0' * 32}' and attributes.user_id = 'ann'"),
        ("otter", {"params.d": None}, ""),  # nothing can say that beside words
        ("", {"params.d": "'\""}, ""),
        ("", {"user": None}, ""),
    ],
)
def test_a_filter_is_narrowed_to_a_group_where_a_filter_can_say_that(
    text: str, values: dict[str, str | None], told: str
) -> None:
    assert within(text, values) == told
    for part in (told,) if told else ():
        assert asked(part)
