"""What an approval stands on besides the version's content: the figures and documents that were there to be seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from services.registry.values import KeyValue, mapping, pairs

METRICS_KEPT = 50
"""Of each evaluation, to say by name what is another number now."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What one evaluation said. `digest` is of its metrics and slices; `rows` is the same for the same rows."""

    evaluation: str
    split: str
    rows: str
    sealed: bool = False
    digest: str
    metrics: list[KeyValue] = []


class Grounds(msgspec.Struct, frozen=True, kw_only=True):
    """`evaluations`: of each split the newest that says figures. `documents`: by item of the project's board, a digest
    of what the answer says, for the items that the policy's gates ask for. `gates`: the number of the newest verdict,
    None if there was none, and whether it let the version through."""

    evaluations: list[Figures] = []
    project: str = ""
    documents: list[KeyValue] = []
    gates: int | None = None
    gates_passed: bool = False


def figures(
    evaluation: str, split: str, rows: str, digest: str, metrics: Mapping[str, float], *, sealed: bool
) -> Figures:
    kept = {name: f"{metrics[name]:.6g}" for name in sorted(metrics)[:METRICS_KEPT]}
    return Figures(evaluation=evaluation, split=split, rows=rows, sealed=sealed, digest=digest, metrics=pairs(kept))


def newest(evaluations: Iterable[Figures]) -> list[Figures]:
    """Of each split the first of those that come newest first."""
    found: dict[str, Figures] = {}
    for entry in evaluations:
        found.setdefault(entry.rows, entry)
    return list(found.values())


def changed(seen: Grounds, now: Grounds) -> str:
    """What is there now that an approval on the grounds `seen` can't have meant; "" if nothing is.

    Rows that were evaluated before have the figures that they had. The first figures of sealed rows are new to whoever
    had seen none. Those of other rows, such as a later month's, take nothing back. A document says what it said.
    """
    before = {entry.rows: entry for entry in seen.evaluations}
    saw_sealed = any(entry.sealed for entry in seen.evaluations)
    for entry in now.evaluations:
        was = before.get(entry.rows)
        if was is not None and was.digest != entry.digest:
            return _other_figures(was, entry)
        if was is None and entry.sealed and not saw_sealed:
            return f"it was evaluated on the sealed split {entry.split} afterwards"
    answers = mapping(now.documents)
    for document in seen.documents:
        if answers.get(document.k) != document.v:
            what = "was answered anew" if document.k in answers else "isn't answered any more"
            return f"the project's {document.k} {what}"
    return ""


def _other_figures(before: Figures, after: Figures) -> str:
    was, is_now = mapping(before.metrics), mapping(after.metrics)
    for name in was:
        if name in is_now and is_now[name] != was[name]:
            return f"it was evaluated anew: {name} on {after.split} was {was[name]} and is {is_now[name]}"
    return f"it was evaluated anew on {after.split}, with other figures"
