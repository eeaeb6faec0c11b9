"""What takes an approval back: other figures of the same rows, the sealed split, another document; and what doesn't."""

import pytest

from services.contracts.errors import NotAllowedNow
from services.contracts.evaluations import SliceScore
from services.registry.evaluations.rules import figures_digest
from services.registry.reviews import grounds, rules
from services.registry.reviews.grounds import Figures, Grounds
from services.registry.values import KeyValue

Slices = tuple[SliceScore, ...]


def figures(split: str, auc: float, *, id_: str = "e1", sealed: bool = False, slices: Slices = ()) -> Figures:
    metrics = {"auc": auc}
    return grounds.figures(id_, split, f"flights@d/{split}", figures_digest(metrics, slices), metrics, sealed=sealed)


def seen(*evaluations: Figures, **documents: str) -> Grounds:
    return Grounds(evaluations=list(evaluations), documents=[KeyValue(k, v) for k, v in documents.items()], project="p")


def test_other_figures_on_the_same_rows_are_named() -> None:
    before, after = figures("test", 0.71), figures("test", 0.66, id_="e2")
    assert grounds.changed(seen(before), seen(after, before)) == (
        "it was evaluated anew: auc on test was 0.71 and is 0.66"
    )
    worse = (SliceScore(feature="carrier", value="AA", rows=3, metrics={"auc": 0.5}),)
    assert grounds.changed(seen(before), seen(figures("test", 0.71, id_="e2", slices=worse), before)) == (
        "it was evaluated anew on test, with other figures"
    )


def test_the_same_figures_again_and_those_of_other_rows_take_nothing_back() -> None:
    before = figures("test", 0.71)
    again, later = figures("test", 0.71 + 1e-12, id_="e2"), figures("april", 0.5, id_="e3")
    assert grounds.changed(seen(before), seen(later, again, before)) == ""
    assert grounds.changed(seen(), seen(later)) == ""


def test_the_first_figures_of_sealed_rows_are_new_to_whoever_had_seen_none() -> None:
    sealed = figures("test", 0.7, sealed=True)
    assert grounds.changed(seen(), seen(sealed)) == "it was evaluated on the sealed split test afterwards"
    assert grounds.changed(seen(figures("dev", 0.7)), seen(sealed, figures("dev", 0.7))) != ""
    beside_its_successor = figures("year", 0.6, id_="e3", sealed=True)
    assert grounds.changed(seen(sealed), seen(beside_its_successor, sealed)) == ""


def test_a_document_that_was_there_says_what_it_said() -> None:
    assert grounds.changed(seen(objective="a"), seen(objective="b")) == "the project's objective was answered anew"
    assert grounds.changed(seen(objective="a"), seen()) == "the project's objective isn't answered any more"
    assert grounds.changed(seen(), seen(objective="a")) == ""


def test_an_approval_lapses_with_the_reason_and_counts_again_after_a_new_round() -> None:
    def requested(former: rules.Review | None, now: Grounds | None) -> rules.Review:
        return rules.requested(
            former, model_name="m", version="2", digest="d", made_by=["anna"], reviewers=[], needed=2, note="",
            now=1, who="anna", grounds=now,
        )[0]  # fmt: skip

    then, now = seen(figures("test", 0.71)), seen(figures("test", 0.66, id_="e2"), figures("test", 0.71))
    first = rules.decided(requested(None, None), "approve", "fine", "d", "d", 2, "ben", then)[0]
    with pytest.raises(NotAllowedNow, match=r"auc on test was 0\.71 and is 0\.66"):
        rules.decided(first, "approve", "fine", "d", "d", 3, "cleo", now)
    both = rules.decided(first, "approve", "fine", "d", "d", 3, "cleo", then)[0]
    assert rules.approved(both, "d", 2, then)
    assert not rules.approved(both, "d", 2, now)
    gone = rules.lapsed(both, "d", 4, now)
    assert gone is not None
    assert "auc on test" in gone[1].because
    view = rules.view(gone[0])
    assert (view.state, view.lapsed_because) == ("lapsed", gone[1].because)
    assert view.decisions[0].evaluations == ["e1"]
    assert rules.lapsed(both, "d", 4, then) is None
    with pytest.raises(NotAllowedNow):
        requested(both, then)
    again = requested(both, now)
    assert (again.round, rules.view(again).lapsed_because) == (2, "")
    asked = rules.decided(again, "ask_for_changes", "worse", "d", "d", 5, "ben", now)[0]
    assert rules.lapsed(asked, "d", 6, then) is None  # nothing was approved


def test_figures_are_the_same_in_whatever_order_they_come() -> None:
    a, b = (SliceScore(feature="carrier", value=v, rows=3, metrics={"auc": 0.5, "f1": 0.4}) for v in "ab")
    assert figures_digest({"x": 1.0, "y": 2.0}, [a, b]) == figures_digest({"y": 2.0, "x": 1.0}, [b, a])
    assert figures_digest({}, []) == ""
