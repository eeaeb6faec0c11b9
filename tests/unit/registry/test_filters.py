"""The filter grammar: what is read, what is refused, and what MongoDB is asked."""

import pytest

from services.contracts.errors import Invalid
from services.registry.search.entities import EXPERIMENTS, LOGGED_MODELS, MODELS, RUNS, VERSIONS
from services.registry.search.mongo import like_pattern, order_stages, query
from services.registry.search.pages import offset_of, token_for
from services.registry.search.parser import MAX_DEPTH, parse_filter, parse_order
from services.registry.search.syntax import EVERYTHING, And, Comparison, Field, Operator, Or, Order, Section


def metric(key: str, operator: Operator, value: float) -> Comparison:
    return Comparison(Field(Section.METRIC, key), operator, value)


def test_an_empty_filter_lets_everything_pass() -> None:
    assert parse_filter("", RUNS) == EVERYTHING


def test_comparisons_are_joined_by_and() -> None:
    found = parse_filter("metrics.a > 0.5 AND params.`b c` = 'x'", RUNS)
    param = Comparison(Field(Section.PARAM, "b c"), Operator.EQ, "x")
    assert found == And((metric("a", Operator.GT, 0.5), param))


def test_and_binds_closer_than_or_and_parentheses_closest() -> None:
    a, b, c = (metric(key, Operator.GT, 1) for key in "abc")
    assert parse_filter("metrics.a > 1 OR metrics.b > 1 AND metrics.c > 1", RUNS) == Or((a, And((b, c))))
    assert parse_filter("(metrics.a > 1 or metrics.b > 1) and metrics.c > 1", RUNS) == And((Or((a, b)), c))


@pytest.mark.parametrize("name", ["metric.a", "metrics.a", "`metrics`.a", "metrics.`a`", 'metrics."a"'])
def test_a_key_may_be_quoted_and_its_section_named_either_way(name: str) -> None:
    assert parse_filter(f"{name} = 1", RUNS) == metric("a", Operator.EQ, 1)


def test_a_key_may_hold_dots() -> None:
    found = parse_filter("tags.mlflow.source.name = 'x'", RUNS)
    assert found == Comparison(Field(Section.TAG, "mlflow.source.name"), Operator.EQ, "x")


@pytest.mark.parametrize(("text", "value"), [("1", 1), ("-2", -2), ("+.5", 0.5), ("1e-3", 0.001), ("3.", 3.0)])
def test_numbers_come_in_every_form(text: str, value: float) -> None:
    assert parse_filter(f"metrics.a < {text}", RUNS) == metric("a", Operator.LT, value)


@pytest.mark.parametrize(
    ("entity", "text"),
    [
        (RUNS, "metrics.a > 'x'"),
        (RUNS, "metrics.a LIKE 'x'"),
        (RUNS, "params.a = 5"),
        (RUNS, "params.a > '5'"),
        (RUNS, "params.a IN ('x')"),
        (RUNS, "status IN ('RUNNING')"),
        (RUNS, "run_id IN ()"),
        (RUNS, "run_id IN ('a', 5)"),
        (RUNS, "end_time IS NULL"),
        (RUNS, "nonsense = 'x'"),
        (RUNS, "nonsense.a = 'x'"),
        (RUNS, "datasets.source = 'x'"),
        (RUNS, "metrics.a >"),
        (RUNS, "metrics.a"),
        (RUNS, "metrics.a = 1 AND"),
        (RUNS, "(metrics.a = 1"),
        (RUNS, "metrics.a = 1)"),
        (RUNS, "metrics.a == 1"),
        (RUNS, "metrics.a <> 1"),
        (RUNS, "params.a = 'open"),
        (RUNS, "metrics.a = 1; metrics.b = 2"),
        (RUNS, "NOT metrics.a = 1"),
        (EXPERIMENTS, "experiment_id > '1'"),
        (EXPERIMENTS, "experiment_id = 'x'"),
        (EXPERIMENTS, "creation_time > 1.5"),
        (EXPERIMENTS, "attributes.name = 'x'"),
        (EXPERIMENTS, "metrics.a > 1"),
        (MODELS, "description = 'x'"),
        (MODELS, "tags.a IS NULL"),
        (VERSIONS, "version_number = 1.5"),
        (VERSIONS, "source_path IN ('x')"),
        (LOGGED_MODELS, "param.a = 'x'"),
        (LOGGED_MODELS, "name = 'a' OR name = 'b'"),
        (LOGGED_MODELS, "(name = 'a')"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(entity: object, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_filter(text, entity)  # type: ignore[arg-type]
    assert refused.value.message


def test_parentheses_cannot_exhaust_the_stack() -> None:
    with pytest.raises(Invalid):
        parse_filter("(" * (MAX_DEPTH + 1) + "metrics.a = 1" + ")" * (MAX_DEPTH + 1), RUNS)


def test_a_refusal_names_the_place() -> None:
    with pytest.raises(Invalid, match="character 17"):
        parse_filter("metrics.a = 1 & metrics.b = 1".replace("&", "  *"), RUNS)


def test_absent_values_fail_every_comparison() -> None:
    asked = query(parse_filter("params.a != 'x'", RUNS), RUNS)
    assert asked == {"params": {"$elemMatch": {"k": "a", "v": {"$nin": ["x", None]}}}}


def test_a_runs_name_is_searched_by_its_tag_and_ordered_by_itself() -> None:
    assert query(parse_filter("run_name = 'x'", RUNS), RUNS) == {
        "tags": {"$elemMatch": {"k": "mlflow.runName", "v": {"$eq": "x"}}}
    }
    assert order_stages([parse_order("run_name DESC", RUNS)], RUNS, []) == [{"$sort": {"name": -1}}]


def test_nulls_come_last_in_both_directions() -> None:
    for clause in ("metrics.a", "metrics.a DESC"):
        sort = order_stages([parse_order(clause, RUNS)], RUNS, [("_id", 1)])[-1]["$sort"]
        assert next(iter(sort.items())) == ("_r0", 1)


@pytest.mark.parametrize(
    "clause", ["", "metrics.a sideways", "metrics.a ASC DESC", "nonsense", "datasets.name", "a, b"]
)
def test_an_order_that_is_none_is_refused(clause: str) -> None:
    with pytest.raises(Invalid):
        parse_order(clause, RUNS)


def test_an_order_is_ascending_unless_it_says_otherwise() -> None:
    field = Field(Section.METRIC, "a b")
    assert parse_order("metrics.`a b`", RUNS) == Order(field, True)
    assert parse_order("metrics.`a b` desc", RUNS) == Order(field, False)


def test_like_knows_two_wildcards_and_nothing_else() -> None:
    assert like_pattern("a%b_c.d*") == r"\Aa.*b.c\.d\*\Z"


def test_a_page_token_is_read_back_and_others_are_refused() -> None:
    assert offset_of(token_for(40)) == 40
    assert offset_of(None) == 0
    assert offset_of("eyJvZmZzZXQiOiAtMX0=") == 0, "before the start is the start, as MLflow has it"
    for token in ("?", "aGVsbG8=", "eyJvZmZzZXQiOiAwfQ=="):
        with pytest.raises(Invalid):
            offset_of(token)
