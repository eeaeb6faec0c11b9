"""Every event of the catalogue says in words what happened."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from services.contracts.catalogue import EVENTS
from services.gateway.summaries import _SENTENCES, summary


def example(type_: Any) -> Any:
    """A value that decodes as `type_`."""
    info = msgspec.inspect.type_info(type_)
    return _of(info)


def _of(info: Any) -> Any:
    match info:
        case msgspec.inspect.StructType():
            return {field.encode_name: _of(field.type) for field in info.fields}
        case msgspec.inspect.StrType():
            return "x1"
        case msgspec.inspect.IntType():
            return 3
        case msgspec.inspect.FloatType():
            return 0.5
        case msgspec.inspect.BoolType():
            return True
        case msgspec.inspect.DateTimeType():
            return "2013-07-01T12:00:00Z"
        case msgspec.inspect.ListType():
            return [_of(info.item_type)] * 5
        case msgspec.inspect.TupleType():
            return [_of(item) for item in info.item_types]
        case msgspec.inspect.DictType():
            return {"k1": _of(info.value_type)}
        case msgspec.inspect.EnumType():
            return next(iter(info.cls)).value
        case msgspec.inspect.LiteralType():
            return info.values[0]
        case msgspec.inspect.DateType():
            return "2013-07-01"
        case msgspec.inspect.UnionType():
            return _of(info.types[0])
    raise AssertionError(f"no example for {info}")


@pytest.mark.parametrize("type_", sorted(EVENTS))
def test_every_event_is_told_in_words(type_: str) -> None:
    sentence = summary(type_, "some/thing", msgspec.json.encode(example(EVENTS[type_])))
    assert "None" not in sentence
    assert sentence[0].islower()
    if EVENTS[type_] in _SENTENCES:
        assert sentence != summary(type_, "some/thing", "not json"), "its sentence says what the event holds"


def test_an_event_of_a_newer_release_is_told_plainly() -> None:
    assert summary("registry.model_card.published.v3", "delays", "{}") == "model card published delays"
    assert summary("registry.run.started.v1", "r1", "not json") == "run started r1"


def test_a_window_that_proves_something_is_told_by_its_time() -> None:
    window = {"kind": "window", "id": "delays/2/2026-09-15T00:00:00+00:00"}
    event = {**example(EVENTS["registry.project.evidence_found.v1"]), "item": "alerts_answered", "proof": window}
    told = summary("registry.project.evidence_found.v1", "p1", msgspec.json.encode(event))
    assert told.endswith("evidence for “alerts answered”: the window of 2026-09-15 00:00 of delays version 2")
