"""Who may decide what about a version, and what it is worth."""

import pytest

from services.contracts.errors import Forbidden, Invalid, NotAllowedNow, NotFound
from services.contracts.reviews import Decision
from services.registry.reviews import rules
from services.registry.reviews.rules import Review


def new(former: Review | None = None, digest: str = "d1", needed: int = 1, reviewers: tuple[str, ...] = ()) -> Review:
    return rules.requested(
        former, model_name="m", version="2", digest=digest, made_by=["anna"], reviewers=list(reviewers),
        needed=needed, note="", now=1, who="anna",
    )[0]  # fmt: skip


def decide(review: Review, who: str, decision: Decision = "approve", digest: str = "d1", now: str = "d1") -> Review:
    return rules.decided(review, decision, "looks right", digest, now, 2, who)[0]


def test_an_author_cant_decide_and_neither_can_who_requested_it() -> None:
    review = rules.requested(
        None, model_name="m", version="2", digest="d1", made_by=["anna"], reviewers=[], needed=1, note="",
        now=1, who="ben",
    )[0]  # fmt: skip
    for author in ("anna", "ben"):
        with pytest.raises(Forbidden) as refused:
            decide(review, author)
        assert refused.value.code == "OWN_VERSION"
    assert decide(review, "cleo").state == "approved"


def test_as_many_approve_as_the_policy_asks_for() -> None:
    one = decide(new(needed=2), "ben")
    assert (one.state, rules.view(one).missing) == ("open", 1)
    assert decide(one, "ben").state == "open"
    assert decide(one, "cleo").state == "approved"


def test_who_asks_for_changes_holds_it_up_until_they_approve() -> None:
    review = decide(decide(new(needed=1), "ben", "ask_for_changes"), "cleo")
    assert review.state == "changes_asked"
    assert decide(review, "ben").state == "approved"


def test_an_approval_is_for_this_content_only() -> None:
    review = decide(new(), "ben")
    assert rules.approved(review, "d1")
    assert not rules.approved(review, "d2")
    assert not rules.approved(None, "d1")
    gone = rules.lapsed(review, "d2", 3)
    assert gone is not None
    assert (gone[0].state, rules.approved(gone[0], "d1")) == ("lapsed", False)
    assert rules.lapsed(review, "d1", 3) is None


def test_a_decision_about_something_that_has_changed_is_refused() -> None:
    for looked_at, is_now in (("d0", "d1"), ("d2", "d2"), ("d1", "d2")):
        with pytest.raises(NotAllowedNow) as refused:
            decide(new(), "ben", digest=looked_at, now=is_now)
        assert refused.value.code == "CONTENT_CHANGED"


def test_a_new_round_starts_without_decisions_and_keeps_the_talk() -> None:
    review = rules.commented(new(), "c1", "why?", None, 2, "ben")[0]
    review = decide(review, "ben", "ask_for_changes")
    again = new(review, digest="d2")
    assert (again.round, again.state, again.decisions, len(again.comments)) == (2, "open", [], 1)
    with pytest.raises(NotAllowedNow):
        new(again, digest="d2")


def test_only_named_reviewers_decide_and_no_author_is_named() -> None:
    with pytest.raises(Forbidden):
        decide(new(reviewers=("ben",)), "cleo")
    with pytest.raises(Invalid):
        new(reviewers=("anna",))
    with pytest.raises(Invalid):
        new(reviewers=("ben",), needed=2)


def test_an_answer_belongs_to_a_comment_that_is_there() -> None:
    review = rules.commented(new(), "c1", "why?", None, 2, "ben")[0]
    assert rules.commented(review, "c2", "because", "c1", 3, "anna")[0].comments[1].reply_to == "c1"
    with pytest.raises(NotFound):
        rules.commented(review, "c3", "x", "c9", 3, "anna")


def test_authors_withdraw_and_nothing_is_decided_afterwards() -> None:
    with pytest.raises(Forbidden):
        rules.withdrawn(new(), "x", 2, "ben", may_all=False)
    review = rules.withdrawn(new(), "not yet", 2, "anna", may_all=False)[0]
    with pytest.raises(NotAllowedNow):
        decide(review, "ben")
