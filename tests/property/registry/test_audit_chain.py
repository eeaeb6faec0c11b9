"""Whatever is done to sealed rows shows, and names the first row that isn't what it was."""

import copy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import bson
from bson.codec_options import CodecOptions
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.audit import AuditHead
from services.registry.audit import former
from services.runtime import chain
from services.runtime.chain import Block, block_of, digest_of

plain = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.text(max_size=5), st.binary(max_size=4),
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)  # fmt: skip
keys = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=5)
values = st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3))
contents = st.lists(st.dictionaries(st.sampled_from("abc"), values, max_size=3), min_size=1, max_size=8)
Rows = dict[str, dict[str, Any]]


def blocks(found: list[dict[str, Any]], sizes: int) -> tuple[Rows, list[Block], AuditHead]:
    rows = {f"id{number}": {"_id": f"id{number}", **row} for number, row in enumerate(found)}
    hashes = [(row, digest_of(content)) for row, content in rows.items()]
    head, made = chain.START, []
    for at in range(0, len(hashes), sizes):
        made.append(block_of(head, hashes[at : at + sizes]))
        head = made[-1].head
    return rows, made, head


def verdict(rows: Rows, found: list[Block], head: AuditHead, most: int = 100) -> int | None:
    """The number of the first bad row; one after the last for a cut tail. Looks at so many rows at once."""
    at = chain.START
    for block in found:
        while at.number < block.head.number:
            at, number, _, problem = chain.checked(at, block, rows, most)
            if problem is not None:
                return number
    return None if at == head else at.number + 1


cases = st.tuples(contents, st.integers(1, 3), st.integers(1, 4))


@given(cases)
def test_an_untouched_chain_holds_whatever_order_fields_come_in(case: tuple[list[dict[str, Any]], int, int]) -> None:
    rows, made, head = blocks(case[0], case[1])
    assert verdict({key: dict(reversed(row.items())) for key, row in rows.items()}, made, head, case[2]) is None


@given(contents)
def test_a_row_has_the_same_hash_before_and_after_it_was_stored(found: list[dict[str, Any]]) -> None:
    for row in found:
        stored = bson.decode(bson.encode(row), CodecOptions(tz_aware=True))
        assert digest_of(stored) == digest_of(row)


@given(cases, st.data())
def test_an_edit_names_its_row(case: tuple[list[dict[str, Any]], int, int], data: st.DataObject) -> None:
    rows, made, head = blocks(case[0], case[1])
    at = data.draw(st.integers(0, len(rows) - 1))
    rows = copy.deepcopy(rows)
    rows[f"id{at}"]["user"] = "somebody else"
    assert verdict(rows, made, head, case[2]) == at + 1


@given(cases, st.data())
def test_a_deletion_or_a_cut_tail_names_the_first_missing_row(
    case: tuple[list[dict[str, Any]], int, int], data: st.DataObject
) -> None:
    rows, made, head = blocks(case[0], case[1])
    at = data.draw(st.integers(0, len(rows) - 1))
    assert verdict({key: row for key, row in rows.items() if key != f"id{at}"}, made, head, case[2]) == at + 1
    assert verdict(dict(list(rows.items())[:at]), made, head, case[2]) == at + 1
    gone = data.draw(st.integers(0, len(made) - 1))
    assert verdict(rows, made[:gone], head, case[2]) == made[gone].before.number + 1
    assert verdict(rows, made[:gone] + made[gone + 1 :], head, case[2]) == made[gone].before.number + 1


@given(cases, st.data())
def test_a_block_that_was_changed_along_with_its_row_is_named(
    case: tuple[list[dict[str, Any]], int, int], data: st.DataObject
) -> None:
    rows, made, head = blocks(case[0], case[1])
    at = data.draw(st.integers(0, len(rows) - 1))
    rows[f"id{at}"] = {"_id": f"id{at}", "user": "somebody else"}
    number = next(number for number, block in enumerate(made) if block.before.number <= at < block.head.number)
    forged = list(made[number].hashes)
    forged[at - made[number].before.number] = digest_of(rows[f"id{at}"])
    made[number] = replace(made[number], hashes=forged)
    assert verdict(rows, made, head) == made[number].before.number + 1
    made[number] = block_of(made[number].before, list(zip(made[number].rows, forged, strict=True)))
    assert verdict(rows, made, head) == made[number].head.number + 1  # what follows, or the head, tells


@given(cases, st.data())
def test_two_rows_that_change_places_are_found(
    case: tuple[list[dict[str, Any]], int, int], data: st.DataObject
) -> None:
    rows, made, head = blocks(case[0], len(case[0]))
    one, other = sorted(data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=2, max_size=2)))
    swapped = copy.deepcopy(rows)
    swapped[f"id{one}"], swapped[f"id{other}"] = swapped[f"id{other}"], swapped[f"id{one}"]
    assert verdict(swapped, made, head) == (None if one == other else one + 1)
    order, hashes = list(made[0].rows), list(made[0].hashes)
    order[one], order[other] = order[other], order[one]
    hashes[one], hashes[other] = hashes[other], hashes[one]
    reordered = [replace(made[0], rows=order, hashes=hashes)]
    assert verdict(rows, reordered, head) == (None if hashes == list(made[0].hashes) else 1)


@given(contents, st.data())
def test_rows_that_former_versions_sealed_are_still_verified(found: list[dict[str, Any]], data: st.DataObject) -> None:
    head, rows = chain.START, []
    for number, content in enumerate(found):
        row = {"_id": f"id{number}", **content}
        head = former.sealed(head, row)
        rows.append({**row, "seal": {"n": head.number, "h": head.hash}})
    assert former.first_problem(chain.START, rows)[0] == head
    at = data.draw(st.integers(0, len(rows) - 1))
    assert former.first_problem(chain.START, [*rows[:at], {**rows[at], "user": "x"}, *rows[at + 1 :]])[1] == at + 1
    if at < len(rows) - 1:
        assert former.first_problem(chain.START, rows[:at] + rows[at + 1 :])[1] == at + 1
