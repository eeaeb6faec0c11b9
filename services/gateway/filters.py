"""Typed filters and orders of runs as the registry's search understands them: MLflow's grammar with OR and parentheses.

`not` is pushed down to the comparisons (De Morgan), because the grammar has none. A comparison, and its negation,
is only about runs that have what is compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from services.contracts.errors import Invalid
from services.contracts.registry import GroupOrder
from services.gateway.types.filters import (
    FigureFilter,
    KeyedFilter,
    RunFilter,
    RunOrder,
    TextFilter,
    TimeFilter,
)
from services.gateway.types.run_groups import RunGroupingInput

MOST_CONDITIONS = 50
"""Conditions of one filter."""

_TEXTS = {
    "name": "attributes.run_name",
    "status": "attributes.status",
    "user": "attributes.user_id",
    "dataset": "datasets.name",
    "dataset_digest": "datasets.digest",
}
"""What the registry calls the texts that the filter compares."""
_NEGATED = {"=": "!=", "!=": "=", ">": "<=", "<=": ">", "<": ">=", ">=": "<", "IN": "NOT IN"}
_NEGATED |= {"LIKE": "NOT LIKE", "ILIKE": "NOT ILIKE"}


def filter_text(where: RunFilter | None) -> str:
    """The registry's filter string. Raises `Invalid` for what it can't say."""
    if where is None:
        return ""
    text = _all(where, negated=False)
    if text.count("\0") > MOST_CONDITIONS:
        raise Invalid(f"more than {MOST_CONDITIONS} conditions", field="where", fix="Ask for less at once.")
    return text.replace("\0", "")


def run_filter(text: str | None, where: RunFilter | None) -> str:
    """An MLflow filter and a filter object, together as the registry's filter string."""
    return " AND ".join(f"({part})" for part in (text, filter_text(where)) if part)


def grouping(by: list[RunGroupingInput]) -> list[str]:
    """What the registry is to group by. Raises `Invalid` for a parameter or tag without its name."""
    return [_named(str(one.by.value), one.key, "by") for one in by]


def group_order(sort: Any) -> GroupOrder:
    """The order of groups; those with the most runs first if unsaid."""
    return (
        GroupOrder() if sort is None else GroupOrder(by=sort.by.value, metric=sort.metric, descending=sort.descending)
    )


def _named(name: str, key: str | None, field: str) -> str:
    if name not in ("metrics", "params", "tags"):
        return name
    if not key:
        raise Invalid("a metric, parameter or tag needs its name", field=field, fix="Give `key`.")
    return f"{name}.{_name(key)}"


def run_order(orders: list[RunOrder] | None) -> list[str]:
    """The registry's order clauses. Raises `Invalid` for a metric, parameter or tag without its name."""
    clauses = []
    for order in orders or []:
        name = _named(str(order.by.value), order.key, "sort")
        clauses.append(f"{name} {'DESC' if order.descending else 'ASC'}")
    return clauses


def _all(where: RunFilter, negated: bool) -> str:
    """All that one filter object says, joined by AND; negated, by OR."""
    parts = list(_parts(where, negated))
    if not parts:
        raise Invalid("a filter without any condition", field="where", fix="Leave it out, or say what to compare.")
    joined = (" OR " if negated else " AND ").join(parts)
    return f"({joined})" if len(parts) > 1 else joined


def _parts(where: RunFilter, negated: bool) -> Iterator[str]:
    for several, word in ((where.and_, "AND"), (where.or_, "OR")):
        if several:
            between = {"AND": "OR", "OR": "AND"}[word] if negated else word
            yield "(" + f" {between} ".join(_all(one, negated) for one in several) + ")"
    if where.not_ is not None:
        yield _all(where.not_, not negated)
    yield from _keyed("tags", where.tags, negated)
    for attribute, name in _TEXTS.items():
        text = getattr(where, attribute)
        if text is not None:
            yield from _texts(name, text, negated)
    yield from _of_runs(where, negated)


def _of_runs(where: RunFilter, negated: bool) -> Iterator[str]:
    for figure in where.metrics or []:
        yield from _figures(f"metrics.{_name(figure.key)}", figure, negated)
    yield from _keyed("params", where.params, negated)
    for name, time in (("start_time", where.start_time), ("end_time", where.end_time)):
        if time is not None:
            yield from _times(f"attributes.{name}", time, negated)


def _keyed(section: str, asked: list[KeyedFilter] | None, negated: bool) -> Iterator[str]:
    for entry in asked or []:
        yield from _texts(f"{section}.{_name(entry.key)}", entry, negated)


def _figures(name: str, asked: FigureFilter, negated: bool) -> Iterator[str]:
    pairs = (("=", asked.eq), ("!=", asked.ne), (">", asked.gt), (">=", asked.ge), ("<", asked.lt), ("<=", asked.le))
    yield from _joined([(op, repr(float(value))) for op, value in pairs if value is not None], name, negated)


def _times(name: str, asked: TimeFilter, negated: bool) -> Iterator[str]:
    pairs = ((">=", asked.from_), ("<", asked.before))
    yield from _joined([(op, _moment(value)) for op, value in pairs if value is not None], name, negated)


def _texts(name: str, asked: TextFilter | KeyedFilter, negated: bool) -> Iterator[str]:
    said: list[tuple[str, str]] = []
    for op, text in (("=", asked.eq), ("!=", asked.ne), ("LIKE", asked.like), ("ILIKE", asked.ilike)):
        if text is not None:
            said.append((op, _text(text)))
    for among in [asked.in_] if asked.in_ else []:
        equal = " OR ".join(_one(name, "=", _text(text), False) for text in among)
        unlike = " AND ".join(_one(name, "!=", _text(text), False) for text in among)
        yield f"({unlike if negated else equal})"
    if said or not asked.in_:
        yield from _joined(said, name, negated)


def _joined(said: list[tuple[str, str]], name: str, negated: bool) -> Iterator[str]:
    if not said:
        raise Invalid(f"nothing is compared with {name}", field="where", fix="Give `eq`, `gt` or another comparison.")
    parts = [_one(name, op, value, negated) for op, value in said]
    yield (" OR " if negated else " AND ").join(parts) if len(parts) == 1 or not negated else f"({' OR '.join(parts)})"


def _one(name: str, op: str, value: str, negated: bool) -> str:
    if negated:
        op = _NEGATED[op]
    return f"\0{name} {op} {value}"


def _name(key: str) -> str:
    for quote in "`", '"':
        if quote not in key and key:
            return f"{quote}{key}{quote}"
    raise Invalid(f"a name that can't be asked for: {key!r}", field="where")


def _text(text: str) -> str:
    for quote in "'", '"':
        if quote not in text and "\0" not in text:
            return f"{quote}{text}{quote}"
    raise Invalid(f"a text that can't be compared with: {text!r}", field="where")


def _moment(moment: datetime) -> str:
    """Milliseconds since 1970, as runs keep their times."""
    return str(int(moment.timestamp() * 1000))
