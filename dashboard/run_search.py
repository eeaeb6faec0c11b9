"""What is typed above the runs as a question: words, MLflow's filters, and both joined by `and` and `or`.

`otter` finds runs by their name, user or data; `metrics.auc > 0.7 and params.depth = '6'` is passed on as it stands;
with `or`, or with words among comparisons, it becomes the gateway's own filter. Quotes hold words together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dashboard import run_columns
from services.contracts.errors import Invalid

_RUN_ID = re.compile(r"[0-9a-f]{32}")
_QUOTED = r"""'[^']*'|"[^"]*"|`[^`]*`"""
_PIECES = re.compile(rf"(?:{_QUOTED}|[^'\"`])", re.DOTALL)
_COMPARES = re.compile(r"[<>=]|\b(?:i?like|in)\b|^\w+\.", re.IGNORECASE)
_WORDS = re.compile(rf"{_QUOTED}|\S+")
_COMPARISON = re.compile(
    rf"(?:(?P<kind>\w+)\.)?(?P<key>{_QUOTED}|[^\s<>=!'\"`]+)\s*"
    rf"(?P<op><=|>=|!=|=|<|>|\bi?like\b)\s*(?P<value>{_QUOTED}|[^\s'\"`]+)",
    re.IGNORECASE,
)
_OPERATORS = {"=": "eq", "!=": "ne", ">": "gt", ">=": "ge", "<": "lt", "<=": "le", "like": "like", "ilike": "ilike"}
_TEXTUAL = ("eq", "ne", "like", "ilike")
_KINDS = {
    "metrics": ("metrics", "metric"),
    "params": ("params", "param", "parameters", "parameter"),
    "tags": ("tags", "tag"),
    "attributes": ("attributes", "attribute", "attr", "run"),
    "datasets": ("datasets", "dataset"),
}
_ATTRIBUTES = {
    "run_name": "name",
    "name": "name",
    "run name": "name",
    "status": "status",
    "user_id": "user",
    "user": "user",
}
_DATASETS = {"name": "dataset", "digest": "datasetDigest"}
_SEARCHED = ("name", "user", "dataset")

Asked = dict[str, Any]


def asked(text: str) -> Asked:
    """The variables `filter` and `where` of the question. Raises Invalid for what can't stand beside an `or`."""
    text = text.strip()
    if not text:
        return {}
    if _RUN_ID.fullmatch(text):
        return {"filter": f"attributes.run_id = '{text}'"}
    ways = [_split(way, "and") for way in _split(text, "or")]
    clauses = [clause for way in ways for clause in way]
    if not clauses or (len(ways) == 1 and all(_compares(clause) for clause in clauses)):
        return {"filter": text}
    return {"where": _joined("or", [_joined("and", [part for one in way for part in _parts(one)]) for way in ways])}


def within(text: str, values: Mapping[str, str | None]) -> str:
    """A filter of the runs that `text` lets through and that have these values of columns (None: none at all); empty
    where no filter can say that."""
    clauses = [_equal(column, value) for column, value in values.items()]
    text = f"attributes.run_id = '{text.strip()}'" if _RUN_ID.fullmatch(text.strip()) else text.strip()
    ways = _split(text, "or") or [""]
    found = " or ".join(" and ".join(part for part in (way, *clauses) if part) for way in ways)
    try:
        asked(found)
    except Invalid:
        return ""
    return found if all(clauses) else ""


def _equal(column: str, value: str | None) -> str:
    field = run_columns.clause(column)
    if value is None:
        return f"{field} IS NULL" if column.startswith(("params.", "tags.")) else ""
    quote = next((mark for mark in "'\"" if mark not in value), "")
    return f"{field} = {quote}{value}{quote}" if field and quote else ""


def _joined(word: str, parts: list[Asked]) -> Asked:
    return parts[0] if len(parts) == 1 else {word: parts}


def _split(text: str, word: str) -> list[str]:
    """At a word that stands by itself outside of quotes."""
    hidden = "".join("\0" * len(piece) if len(piece) > 1 else piece for piece in _PIECES.findall(text))
    if len(hidden) != len(text):
        return [text]  # a quote that is never closed: whoever judges it says so
    found, start = [], 0
    for match in re.finditer(rf"(?<!\S){word}(?!\S)", hidden, re.IGNORECASE):
        found.append(text[start : match.start()].strip())
        start = match.end()
    return [part for part in (*found, text[start:].strip()) if part]


def _compares(clause: str) -> bool:
    return bool(_COMPARES.search("".join(piece for piece in _PIECES.findall(clause) if len(piece) == 1)))


def _parts(clause: str) -> list[Asked]:
    if _compares(clause):
        return [_comparison(clause)]
    return [{"or": [{name: {"ilike": f"%{_plain(word)}%"}} for name in _SEARCHED]} for word in _WORDS.findall(clause)]


def _comparison(clause: str) -> Asked:
    found = _COMPARISON.fullmatch(clause)
    kind = (found["kind"] or "attributes").lower() if found else ""
    section = next((name for name, words in _KINDS.items() if kind in words), "")
    if found is None or not section:
        raise Invalid(
            f"“{clause[:80]}” isn't understood beside “or” or words",
            field="filter",
            fix="Write metrics.x > 0.7, params.x = '6', tags.x, user or status.",
        )
    key, operator, value = _plain(found["key"]), _OPERATORS[found["op"].lower()], _plain(found["value"])
    if section == "metrics":
        return {"metrics": [{"key": key, operator: _number(value, clause)}]}
    if operator not in _TEXTUAL:
        raise Invalid(f"{clause[:80]}: texts are compared with =, !=, LIKE and ILIKE", field="filter")
    if section in ("params", "tags"):
        return {section: [{"key": key, operator: value}]}
    names: Mapping[str, str] = _ATTRIBUTES if section == "attributes" else _DATASETS
    if key.lower() not in names:
        raise Invalid(f"“{key[:80]}” can't be asked for beside “or” or words", field="filter")
    return {names[key.lower()]: {operator: value}}


def _number(text: str, clause: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Invalid(f"{clause[:80]}: a metric is compared with a number", field="filter") from None


def _plain(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\"`"
    return text[1:-1] if quoted else text
