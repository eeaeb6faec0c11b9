"""What a review is: who may decide what, when it counts, and when it lapses."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from services.contracts.errors import Forbidden, Invalid, NotAllowedNow, TooLarge
from services.contracts.reviews import (
    Decision,
    DecisionView,
    ReviewCommented,
    ReviewCommentReopened,
    ReviewCommentResolved,
    ReviewDecided,
    ReviewLapsed,
    ReviewPart,
    ReviewRenamed,
    ReviewRequested,
    ReviewState,
    ReviewView,
    ReviewWithdrawn,
)
from services.registry.reviews import grounds as on
from services.registry.reviews import talk
from services.registry.reviews.grounds import Grounds
from services.registry.reviews.talk import Comment, Resolved
from services.registry.runs.times import moment
from services.registry.values import Aggregate

TEXT_LENGTH = 8000
REASON_LENGTH = 2000
MANY_REVIEWERS = 20

UNDER_WAY: tuple[ReviewState, ...] = ("open", "changes_asked", "approved")


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """`seen`: what there was to be seen then; None in decisions from before that was kept."""

    by: str
    decision: Decision
    reason: str
    at: int
    seen: Grounds | None = None


class Review(Aggregate, frozen=True, kw_only=True):
    """`id` is `model/version`: one review a version, in rounds. `decisions` of this round, each reviewer's newest.

    `made_from`: ids of the run and the logged model, and of the project whose documents an approval has seen.
    """

    model_name: str
    version: str
    state: ReviewState
    digest: str
    round: int
    authors: list[str]
    reviewers: list[str]
    needed: int
    note: str
    requested: int
    requested_by: str
    updated: int
    decisions: list[Decided] = []
    comments: list[Comment] = []
    made_from: list[str] = []
    lapsed_because: str = ""


def review_id(model_name: str, version: str) -> str:
    return f"{model_name}/{version}"


def _text(path: str, text: str, most: int, *, empty: bool = False) -> str:
    text = text.strip()
    if not text and not empty:
        raise Invalid(f"{path} is empty", field=path, fix="Say it in a few words.")
    if len(text) > most:
        raise TooLarge(f"{path} has {len(text)} characters; the most is {most}", field=path)
    return text


def requested(
    former: Review | None,
    *,
    model_name: str,
    version: str,
    digest: str,
    made_by: Sequence[str],
    made_from: Sequence[str] = (),
    reviewers: Sequence[str],
    needed: int,
    at_least: int = 1,
    note: str,
    now: int,
    who: str,
    grounds: Grounds | None = None,
    events: int = 0,
) -> tuple[Review, ReviewRequested]:
    """The first round, or a new one: earlier decisions no longer count. Refused while one of this content, and of what
    there is to see of it (`grounds`), is open.

    `made_from` are the ids of the run and the logged model; the project's policy asks for `at_least` approvals.
    `events`: how many there were about this name and number before, if there is no `former` any more.

    Whoever made the version or its run, and whoever asks, are the authors, also of later rounds.
    """
    if former is not None and former.state in ("open", "approved") and not broken(former, digest, grounds):
        raise NotAllowedNow(
            f"{model_name} {version} {'is being reviewed' if former.state == 'open' else 'is approved'} already",
            code="REVIEW_EXISTS",
            fix="Withdraw that review first.",
        )
    authors = list(dict.fromkeys([*(former.authors if former else []), *made_by, who]))
    authors = [author for author in authors if author]
    chosen = list(dict.fromkeys(name.strip() for name in reviewers if name.strip()))
    if len(chosen) > MANY_REVIEWERS:
        raise TooLarge(f"at most {MANY_REVIEWERS} reviewers", field="reviewers")
    own = [name for name in chosen if name in authors]
    if own:
        raise Invalid(f"{own[0]} is an author and can't review it", field="reviewers", code="OWN_VERSION")
    if needed < at_least:
        raise NotAllowedNow(
            f"the project's policy asks for at least {at_least} approvals", code="TOO_FEW_APPROVALS", field="needed"
        )
    most = len(chosen) or MANY_REVIEWERS
    if not 1 <= needed <= most:
        raise Invalid(f"between 1 and {most} approvals", field="needed")
    event = ReviewRequested(
        model_name=model_name,
        version=version,
        digest=digest,
        round=1 if former is None else former.round + 1,
        authors=authors,
        reviewers=chosen,
        needed=needed,
        note=_text("note", note, TEXT_LENGTH, empty=True),
        by=who,
    )
    review = Review(
        id=review_id(model_name, version),
        v=events + 1 if former is None else former.v + 1,
        r=1 if former is None else former.r,
        model_name=model_name,
        version=version,
        state="open",
        digest=digest,
        round=event.round,
        authors=authors,
        reviewers=chosen,
        needed=needed,
        note=event.note,
        requested=now,
        requested_by=who,
        updated=now,
        comments=[] if former is None else former.comments,
        made_from=list(made_from),
    )
    return review, event


def commented(
    review: Review,
    comment_id: str,
    text: str,
    reply_to: str | None,
    now: int,
    who: str,
    about: ReviewPart | None = None,
    there: Collection[str] = (),
) -> tuple[Review, ReviewCommented]:
    """`about` a part, of those of its kind that are `there`."""
    about = talk.about(review.comments, reply_to, about, there)
    text = _text("text", text, TEXT_LENGTH)
    comment = Comment(id=comment_id, reply_to=reply_to, by=who, text=text, at=now, about=about)
    event = ReviewCommented(
        model_name=review.model_name,
        version=review.version,
        comment_id=comment_id,
        reply_to=reply_to,
        about=about,
        text=text,
        by=who,
    )
    return _next(review, now, comments=talk.added(review.comments, comment)), event


def resolved(
    review: Review, comment_id: str, now: int, who: str, *, reopened: bool = False
) -> tuple[Review, ReviewCommentResolved | ReviewCommentReopened]:
    """The thread that this comment belongs to has nothing left to do about it, or has again."""
    by = None if reopened else Resolved(by=who, at=now)
    comments, first, about = talk.resolved(review.comments, comment_id, by)
    event = (ReviewCommentReopened if reopened else ReviewCommentResolved)(
        model_name=review.model_name, version=review.version, comment_id=first.id, about=about, by=who
    )
    return _next(review, now, comments=comments), event


def decided(
    review: Review,
    decision: Decision,
    reason: str,
    digest: str,
    digest_now: str,
    now: int,
    who: str,
    seen: Grounds | None = None,
) -> tuple[Review, ReviewDecided]:
    """`digest` is what the reviewer looked at, `digest_now` what the version is, `seen` what else there is to see of
    it. The newest decision of each counts.

    Raises Forbidden for authors and for whoever isn't among the named reviewers, NotAllowedNow if it has lapsed.
    """
    if who in review.authors:
        raise Forbidden(
            f"{who} is an author of {review.model_name} {review.version} and can't decide about it",
            code="OWN_VERSION",
            fix="Ask a colleague.",
        )
    if review.reviewers and who not in review.reviewers:
        raise Forbidden(f"{who} isn't among the reviewers: {', '.join(review.reviewers)}", code="NOT_A_REVIEWER")
    if review.state not in UNDER_WAY:
        raise NotAllowedNow(f"the review is {review.state}", code="REVIEW_CLOSED", fix="Request a new round.")
    if not digest == digest_now == review.digest:
        raise NotAllowedNow(
            "the version isn't what it was when the review was requested",
            code="CONTENT_CHANGED",
            field="digest",
            fix="Look at it again, in a new round.",
        )
    because = broken(review, digest_now, seen)
    if because:
        raise NotAllowedNow(
            f"what was approved before isn't what there is now: {because}",
            code="CONTENT_CHANGED",
            fix="Look at it again, in a new round.",
        )
    entry = Decided(by=who, decision=decision, reason=_text("reason", reason, REASON_LENGTH), at=now, seen=seen)
    decisions = [*(other for other in review.decisions if other.by != who), entry]
    state = _state(decisions, review.needed)
    event = ReviewDecided(
        model_name=review.model_name,
        version=review.version,
        digest=review.digest,
        decision=decision,
        reason=entry.reason,
        by=who,
        state=state,
    )
    made_from = list(dict.fromkeys([*review.made_from, *([seen.project] if seen and seen.project else [])]))
    return _next(review, now, decisions=decisions, state=state, made_from=made_from), event


def _state(decisions: Sequence[Decided], needed: int) -> ReviewState:
    """One who asks for changes holds it up, however many approve."""
    if any(entry.decision == "ask_for_changes" for entry in decisions):
        return "changes_asked"
    return "approved" if len(decisions) >= needed else "open"


def broken(review: Review, digest_now: str, now: Grounds | None) -> str:
    """Why what was decided doesn't count any more; "" if it does. `now`: what approvals would stand on now."""
    if digest_now != review.digest:
        return "the version is gone" if not digest_now else "what the version is made of has changed"
    if now is None:
        return ""
    approvals = [entry for entry in review.decisions if entry.decision == "approve" and entry.seen is not None]
    return next((why for entry in approvals if entry.seen and (why := on.changed(entry.seen, now))), "")


def lapsed(
    review: Review, digest_now: str, now: int, grounds: Grounds | None = None
) -> tuple[Review, ReviewLapsed] | None:
    """None if the version is still what the review is about and approvals saw, or nothing is left to lapse."""
    because = broken(review, digest_now, grounds) if review.state in UNDER_WAY else ""
    if not because:
        return None
    event = ReviewLapsed(
        model_name=review.model_name, version=review.version, digest=review.digest, now=digest_now, because=because
    )
    return _next(review, now, state="lapsed", lapsed_because=because), event


def withdrawn(review: Review, reason: str, now: int, who: str, *, may_all: bool) -> tuple[Review, ReviewWithdrawn]:
    """By an author (or an administrator)."""
    if review.state not in UNDER_WAY:
        raise NotAllowedNow(f"the review is {review.state}", code="REVIEW_CLOSED")
    if who not in review.authors and not may_all:
        raise Forbidden(f"only its authors withdraw a review: {', '.join(review.authors)}")
    reason = _text("reason", reason, REASON_LENGTH)
    event = ReviewWithdrawn(model_name=review.model_name, version=review.version, reason=reason, by=who)
    return _next(review, now, state="withdrawn"), event


def renamed(review: Review, model_name: str, events: int) -> tuple[Review, ReviewRenamed]:
    """As it stands, under the model's new name, about which there were so many events."""
    after = msgspec.structs.replace(
        review, id=review_id(model_name, review.version), model_name=model_name, v=events + 1, r=1
    )
    event = ReviewRenamed(
        model_name=model_name, version=review.version, former_name=review.model_name, state=review.state
    )
    return after, event


def approved(review: Review | None, digest_now: str, at_least: int = 1, grounds: Grounds | None = None) -> bool:
    """Whether enough others approved exactly what the version is, and what there is to see of it, now."""
    if review is None or review.state != "approved" or broken(review, digest_now, grounds):
        return False
    return len(approvers(review)) >= at_least


def approvers(review: Review) -> list[str]:
    return [entry.by for entry in review.decisions if entry.decision == "approve"]


def _next(review: Review, now: int, **changes: object) -> Review:
    return msgspec.structs.replace(review, v=review.v + 1, updated=max(now, review.updated), **changes)


def view(review: Review) -> ReviewView:
    approvals = sum(entry.decision == "approve" for entry in review.decisions)
    return ReviewView(
        model_name=review.model_name,
        version=review.version,
        state=review.state,
        digest=review.digest,
        round=review.round,
        authors=review.authors,
        reviewers=review.reviewers,
        needed=review.needed,
        missing=max(review.needed - approvals, 0),
        note=review.note,
        requested_by=review.requested_by,
        requested_at=moment(review.requested),
        updated_at=moment(review.updated),
        decisions=[
            DecisionView(
                by=entry.by,
                decision=entry.decision,
                reason=entry.reason,
                at=moment(entry.at),
                evaluations=[] if entry.seen is None else [one.evaluation for one in entry.seen.evaluations],
                gates=None if entry.seen is None else entry.seen.gates,
            )
            for entry in review.decisions
        ],
        comments=talk.views(review.comments),
        lapsed_because=review.lapsed_because,
        open_remarks=talk.left(review.comments),
    )
