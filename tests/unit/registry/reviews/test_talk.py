"""What a comment of a review is about, and when there is something left to do about it."""

import msgspec
import pytest

from services.contracts.errors import Invalid, NotAllowedNow, NotFound, TooLarge
from services.contracts.reviews import ReviewCommented, ReviewPart, slice_key
from services.registry.reviews import rules
from services.registry.reviews.rules import Review
from services.registry.reviews.talk import Comment

AUC = ReviewPart(kind="metric", key="auc")


def new() -> Review:
    return rules.requested(
        None, model_name="m", version="2", digest="d1", made_by=["anna"], reviewers=[], needed=1, note="", now=1,
        who="anna",
    )[0]  # fmt: skip


def remark(review: Review, id_: str = "c1", about: ReviewPart | None = AUC) -> Review:
    return rules.commented(review, id_, "why?", None, 2, "ben", about, ["auc", "f1"])[0]


def test_a_comment_is_about_the_whole_or_about_a_part_that_is_there() -> None:
    whole, event = rules.commented(new(), "c1", "why?", None, 2, "ben")
    assert (whole.comments[0].about, event.about) == (None, None)
    part, event = rules.commented(whole, "c2", "why?", None, 2, "ben", AUC, ["auc"])
    assert (part.comments[1].about, event.about, rules.view(part).comments[1].about) == (AUC, AUC, AUC)


def test_who_names_a_part_that_isnt_there_is_told_which_there_are() -> None:
    with pytest.raises(NotFound, match="no metric 'acc'") as refused:
        remark(new(), about=ReviewPart(kind="metric", key="acc"))
    assert (refused.value.field, refused.value.fix) == ("about.key", "There are: auc, f1.")
    many = [f"m{number:03}" for number in range(100)]
    with pytest.raises(NotFound) as refused:
        rules.commented(new(), "c1", "x", None, 2, "ben", AUC, many)
    assert (refused.value.fix or "").endswith("m011 and 88 more.")
    with pytest.raises(NotFound) as refused:
        rules.commented(new(), "c1", "x", None, 2, "ben", AUC, [])
    assert "no metric at all" in (refused.value.fix or "")
    with pytest.raises(TooLarge):
        remark(new(), about=ReviewPart(kind="metric", key="x" * 513))


def test_an_answer_is_about_what_it_answers_also_when_the_part_is_gone() -> None:
    review = remark(new())
    answered, event = rules.commented(review, "c2", "so", "c1", 3, "anna")
    assert (answered.comments[1].about, event.about) == (AUC, AUC)
    assert rules.commented(review, "c2", "so", "c1", 3, "anna", AUC)[1].about == AUC
    for wrong in (ReviewPart(kind="metric", key="f1"), ReviewPart(kind="gate", key="auc")):
        with pytest.raises(Invalid):
            rules.commented(review, "c2", "so", "c1", 3, "anna", wrong, ["f1"])


def test_a_thread_about_a_part_counts_until_somebody_resolves_it_and_again_when_it_is_reopened() -> None:
    review = remark(remark(new()), "c2", about=None)
    review = rules.commented(review, "c3", "so", "c1", 3, "anna")[0]
    assert rules.view(review).open_remarks == 1
    done, resolved = rules.resolved(review, "c3", 4, "anna")  # any comment stands for its thread
    assert (resolved.comment_id, resolved.about, resolved.type()) == (
        "c1", AUC, "registry.review.comment_resolved.v1",
    )  # fmt: skip
    first, _, answer = rules.view(done).comments
    assert (first.resolved_by, answer.resolved_by, rules.view(done).open_remarks) == ("anna", None, 0)
    assert first.resolved_at is not None
    with pytest.raises(NotAllowedNow) as refused:
        rules.resolved(done, "c1", 5, "ben")
    assert refused.value.code == "THREAD_RESOLVED"
    again, reopened = rules.resolved(done, "c1", 5, "ben", reopened=True)
    assert (rules.view(again).open_remarks, reopened.type()) == (1, "registry.review.comment_reopened.v1")
    with pytest.raises(NotAllowedNow):
        rules.resolved(again, "c1", 6, "ben", reopened=True)


def test_only_a_thread_about_a_part_is_resolved() -> None:
    review = remark(new(), about=None)
    with pytest.raises(Invalid):
        rules.resolved(review, "c1", 3, "ben")
    with pytest.raises(NotFound):
        rules.resolved(review, "c9", 3, "ben")


def test_open_remarks_hold_no_decision_up_in_any_round() -> None:
    review = rules.decided(remark(new()), "approve", "good", "d1", "d1", 3, "ben")[0]
    assert (review.state, rules.view(review).open_remarks) == ("approved", 1)


def test_a_comment_from_before_parts_could_be_named_is_about_the_whole() -> None:
    old = b'{"model_name": "m", "version": "2", "comment_id": "c1", "text": "why?", "by": "ben"}'
    assert msgspec.json.decode(old, type=ReviewCommented).about is None
    kept = {"id": "c1", "reply_to": None, "by": "ben", "text": "why?", "at": 2}
    review = msgspec.structs.replace(new(), comments=[msgspec.convert(kept, Comment)])
    [shown] = rules.view(review).comments
    assert (shown.about, shown.resolved_by, rules.view(review).open_remarks) == (None, None, 0)


def test_a_slice_is_named_by_its_feature_and_value() -> None:
    assert slice_key("carrier", "AA") == "carrier=AA"
