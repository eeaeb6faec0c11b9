"""What is said in a review: comments, the parts that they are about, and what is left to do about them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from services.contracts.errors import Invalid, NotAllowedNow, NotFound, TooLarge
from services.contracts.reviews import ReviewCommentView, ReviewPart
from services.registry.runs.times import moment

MANY_COMMENTS = 1000
KEY_LENGTH = 512
"""Names of features, values, metrics and parameters have at most 250 characters; a slice's key has two of them."""
NAMED = 12
"""So many of the parts that there are, are told to whoever names another."""
NAME_SHOWN = 60


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    by: str
    at: int


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """`about` is None for one about the review as a whole; `resolved` is kept by the comment that begins a thread."""

    id: str
    reply_to: str | None
    by: str
    text: str
    at: int
    about: ReviewPart | None = None
    resolved: Resolved | None = None


def about(
    comments: Sequence[Comment], reply_to: str | None, part: ReviewPart | None, there: Collection[str]
) -> ReviewPart | None:
    """What a new comment is about: an answer is about what it answers. `there`: keys of the parts of that kind.

    Raises NotFound for a comment or a part that isn't there, Invalid for an answer about something else.
    """
    if reply_to is None:
        return None if part is None else _known(part, there)
    answered = _one(comments, reply_to, "reply_to").about
    if part is not None and part != answered:
        raise Invalid(
            "an answer is about what it answers", field="about", fix="Leave it out, or begin a thread of its own."
        )
    return answered


def _known(part: ReviewPart, there: Collection[str]) -> ReviewPart:
    if len(part.key) > KEY_LENGTH:
        raise TooLarge(f"the key has {len(part.key)} characters; the most is {KEY_LENGTH}", field="about.key")
    if part.key not in there:
        raise NotFound(
            f"the version has no {part.kind} {_short(part.key)!r}", field="about.key", fix=_which(part.kind, there)
        )
    return part


def _which(kind: str, there: Collection[str]) -> str:
    if not there:
        return f"It has no {kind} at all: comment on the review as a whole."
    named = ", ".join(_short(key) for key in sorted(there)[:NAMED])
    rest = len(there) - NAMED
    return f"There are: {named}{f' and {rest} more' if rest > 0 else ''}."


def _short(text: str) -> str:
    return text if len(text) <= NAME_SHOWN else text[: NAME_SHOWN - 1] + "…"


def _one(comments: Sequence[Comment], comment_id: str, field: str) -> Comment:
    found = next((comment for comment in comments if comment.id == comment_id), None)
    if found is None:
        raise NotFound(f"the review has no comment {comment_id!r}", field=field)
    return found


def added(comments: Sequence[Comment], comment: Comment) -> list[Comment]:
    if len(comments) >= MANY_COMMENTS:
        raise TooLarge(f"a review has at most {MANY_COMMENTS} comments", field="text")
    return [*comments, comment]


def resolved(
    comments: Sequence[Comment], comment_id: str, by: Resolved | None
) -> tuple[list[Comment], Comment, ReviewPart]:
    """With the thread of this comment resolved, or open again if `by` is None; the comment that begins it, and the
    part that it is about.

    Raises NotFound, Invalid for a thread about the whole, NotAllowedNow if it is so already.
    """
    first = _one(comments, comment_id, "comment_id")
    while first.reply_to is not None:
        first = _one(comments, first.reply_to, "comment_id")
    if first.about is None:
        raise Invalid(
            "this thread is about the review as a whole: only remarks about a part of it are resolved",
            field="comment_id",
        )
    if (by is None) == (first.resolved is None):
        raise NotAllowedNow(
            f"the thread is {'open' if by is None else 'resolved'} already",
            code="THREAD_OPEN" if by is None else "THREAD_RESOLVED",
            field="comment_id",
        )
    after = msgspec.structs.replace(first, resolved=by)
    return [after if comment.id == first.id else comment for comment in comments], after, first.about


def left(comments: Sequence[Comment]) -> int:
    """How many threads about parts nobody has resolved."""
    return sum(one.reply_to is None and one.about is not None and one.resolved is None for one in comments)


def views(comments: Sequence[Comment]) -> list[ReviewCommentView]:
    return [
        ReviewCommentView(
            id=one.id,
            reply_to=one.reply_to,
            by=one.by,
            text=one.text,
            at=moment(one.at),
            about=one.about,
            resolved_by=None if one.resolved is None else one.resolved.by,
            resolved_at=None if one.resolved is None else moment(one.resolved.at),
        )
        for one in comments
    ]
