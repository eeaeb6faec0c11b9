"""Near experiments always share a token; how a value is written and in which order never matters."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.registry.duplicates import rules
from services.registry.runs.index import RunIndex
from services.registry.runs.near import Likeness, Normalised
from services.registry.runs.rules import Run, RunInput
from services.registry.values import pairs

values = st.one_of(
    st.integers().map(str), st.floats(allow_nan=False, allow_infinity=False).map(str), st.text(max_size=8),
    st.booleans().map(str), st.lists(st.integers(), max_size=3).map(str),
)  # fmt: skip
params = st.dictionaries(st.text(min_size=1, max_size=6), values, max_size=12)


@given(values)
def test_normalising_twice_is_normalising_once(value: str) -> None:
    once = rules.normalised(value)
    assert rules.normalised(once) == once


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_the_same_in_every_notation(number: float) -> None:
    assert (
        rules.normalised(repr(number))
        == rules.normalised(f"{Decimal(repr(number)):E}")
        == rules.normalised(f"+{abs(number)!r}" if number > 0 else repr(number))
    )


@given(params, st.randoms())
def test_order_doesnt_matter(given_params: dict[str, str], random: object) -> None:
    shuffled = list(given_params.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one = rules.fingerprint(given_params, None, None, None, {})
    other = rules.fingerprint(dict(shuffled), None, None, None, {})
    assert rules.tokens(one.params) == rules.tokens(other.params)


@given(params, st.lists(st.tuples(st.text(min_size=1, max_size=6), st.one_of(st.none(), values)), max_size=2))
def test_whatever_differs_in_up_to_two_parameters_shares_a_token(
    given_params: dict[str, str], changes: list[tuple[str, str | None]]
) -> None:
    changed = dict(given_params)
    for key, value in changes:
        if value is None:
            changed.pop(key, None)
        else:
            changed[key] = value
    one = rules.fingerprint(given_params, None, None, None, {})
    other = rules.fingerprint(changed, None, None, None, {})
    assert rules.is_near(rules.differences(one, other))
    assert set(rules.tokens(one.params).all()) & set(rules.tokens(other.params).all())
    exact = not rules.differences(one, other)
    assert exact == (rules.tokens(one.params).whole == rules.tokens(other.params).whole)


few = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["1", "1.0", "2", "x", "y"]), max_size=6)


def run_of(number: int, given_params: dict[str, str], digest: str) -> Run:
    inputs = [RunInput(dataset=digest, name="data", digest=digest)] if digest else []
    return Run(
        id=f"{number:032x}", v=1, experiment_id="0", name="", user="", status="FINISHED", start_time=number,
        artifact_uri="", params=pairs(given_params), inputs=inputs,
    )  # fmt: skip


@given(
    st.lists(st.tuples(few, st.sampled_from(["", "d1", "d2"])), max_size=40),
    few,
    few,
    st.sampled_from([None, [], ["d1"]]),
)
def test_the_index_finds_every_run_that_is_near_the_nearest_first(
    there: list[tuple[dict[str, str], str]], asked: dict[str, str], defaults: dict[str, str], data: list[str] | None
) -> None:
    index = RunIndex()
    index.put(run_of(number, *one) for number, one in enumerate(there))
    wanted = rules.fingerprint(asked, data, None, None, defaults)
    usual = {key: rules.normalised(value) for key, value in defaults.items() if key not in wanted.params}
    likeness = Likeness(
        params={**usual, **wanted.params}, usual=frozenset(usual), digests=data, most=rules.NEAR, limit=100
    )
    found = [int(run_id, 16) for run_id in index.near(likeness, Normalised(rules.normalised))]
    away = {
        number: len(rules.differences(wanted, rules.fingerprint(one, [digest], None, None, defaults)))
        for number, (one, digest) in enumerate(there)
        if data is None or data == ([digest] if digest else [])
    }
    assert {number for number, differing in away.items() if differing <= rules.NEAR} <= set(found) <= set(away)
    assert found == sorted(found, key=lambda number: (away[number], -number))
