"""What a note is and who may change it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from services.contracts.errors import Conflict, Forbidden, Invalid, NotAllowedNow, TooLarge
from services.contracts.insights import (
    MAX_TEXT_BYTES,
    CommentView,
    InsightCommented,
    InsightRemoved,
    InsightSummary,
    InsightView,
    InsightWritten,
    Link,
)
from services.registry.names import checked_line
from services.registry.runs.times import moment
from services.registry.values import Aggregate

TITLE_LENGTH = 300
COMMENT_LENGTH = 4000
REASON_LENGTH = 2000
LINK_LENGTH = 600
MANY_LINKS = 50
MANY_COMMENTS = 500
MANY_MENTIONS = 50
EXCERPT_LENGTH = 400

_MENTION = re.compile(r"(?<![\w@.])@([A-Za-z0-9][\w.\-]{0,63})")


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    author: str
    text: str
    at: int


class Insight(Aggregate, frozen=True, kw_only=True):
    """`keys` are the links as one text each, for the index; times in milliseconds since 1970."""

    revision: int
    title: str
    text: str
    author: str
    created: int
    updated: int
    links: list[Link] = []
    keys: list[str] = []
    comments: list[Comment] = []
    removed: bool = False


def renamed(insight: Insight, former_name: str, model_name: str) -> Insight:
    """With links to the model's new name."""
    links = [_followed(link, former_name, model_name) for link in insight.links]
    return msgspec.structs.replace(insight, links=links, keys=[link_key(link) for link in links])


def _followed(link: Link, former_name: str, model_name: str) -> Link:
    if link.kind == "model" and link.id == former_name:
        return Link(kind="model", id=model_name)
    if link.kind in ("version", "window") and link.id.startswith(f"{former_name}/"):
        return Link(kind=link.kind, id=f"{model_name}/{link.id.removeprefix(f'{former_name}/')}")
    return link


def link_key(link: Link) -> str:
    return f"{link.kind}/{link.id}"


def mentions(text: str) -> list[str]:
    """The `@names` in a text, each once; an address such as a@b.c mentions nobody."""
    return list(dict.fromkeys(name.rstrip(".-") for name in _MENTION.findall(text)))[:MANY_MENTIONS]


def _body(text: str) -> str:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_TEXT_BYTES:
        raise TooLarge(
            f"the note has {size} bytes; the most is {MAX_TEXT_BYTES}",
            field="text",
            fix="Store the long part as an artifact of a run and link to it.",
        )
    if not text.strip():
        raise Invalid("the note is empty", field="text")
    return text


def _links(links: Sequence[Link]) -> list[Link]:
    if len(links) > MANY_LINKS:
        raise TooLarge(f"a note has at most {MANY_LINKS} links", field="links")
    for number, link in enumerate(links):
        checked_line(f"links[{number}].id", link.id, LINK_LENGTH)
    return list(dict.fromkeys(links))


def written(
    insight_id: str, title: str, text: str, links: Sequence[Link], now: int, who: str
) -> tuple[Insight, InsightWritten]:
    """A new note. Raises Invalid, TooLarge."""
    kept = _links(links)
    insight = Insight(
        id=insight_id,
        v=1,
        revision=1,
        title=checked_line("title", title, TITLE_LENGTH),
        text=_body(text),
        author=who,
        created=now,
        updated=now,
        links=kept,
        keys=[link_key(link) for link in kept],
    )
    return insight, _event(insight)


def rewritten(
    insight: Insight,
    title: str,
    text: str,
    links: Sequence[Link],
    now: int,
    who: str,
    *,
    may_all: bool,
    expected: int | None,
) -> tuple[Insight, InsightWritten]:
    """Raises Forbidden for anybody but the author (and administrators), Conflict if it isn't at `expected`."""
    _present(insight)
    _own(insight, who, may_all=may_all)
    if expected is not None and expected != insight.revision:
        raise Conflict(
            f"the note has changed meanwhile: it is at revision {insight.revision}, not {expected}",
            code="CHANGED_MEANWHILE",
            field="expected",
            fix="Load it, look at the change, and try again.",
        )
    kept = _links(links)
    after = _next(
        insight,
        revision=insight.revision + 1,
        title=checked_line("title", title, TITLE_LENGTH),
        text=_body(text),
        updated=now,
        links=kept,
        keys=[link_key(link) for link in kept],
    )
    return after, _event(after)


def _event(insight: Insight) -> InsightWritten:
    return InsightWritten(
        insight_id=insight.id,
        revision=insight.revision,
        title=insight.title,
        excerpt=insight.text[:EXCERPT_LENGTH],
        author=insight.author,
        links=insight.links,
        mentions=mentions(insight.text),
    )


def commented(insight: Insight, comment_id: str, text: str, now: int, who: str) -> tuple[Insight, InsightCommented]:
    _present(insight)
    if len(insight.comments) >= MANY_COMMENTS:
        raise TooLarge(f"a note has at most {MANY_COMMENTS} comments", field="text", fix="Write an insight of its own.")
    text = checked_line("text", text, COMMENT_LENGTH)
    comment = Comment(id=comment_id, author=who, text=text, at=now)
    event = InsightCommented(
        insight_id=insight.id, comment_id=comment_id, author=who, text=text, mentions=mentions(text)
    )
    return _next(insight, comments=[*insight.comments, comment]), event


def removed(insight: Insight, reason: str, who: str, *, may_all: bool) -> tuple[Insight, InsightRemoved]:
    _present(insight)
    _own(insight, who, may_all=may_all)
    event = InsightRemoved(insight_id=insight.id, reason=checked_line("reason", reason, REASON_LENGTH), by=who)
    return _next(insight, removed=True), event


def _present(insight: Insight) -> None:
    if insight.removed:
        raise NotAllowedNow("the note was removed", code="REMOVED")


def _own(insight: Insight, who: str, *, may_all: bool) -> None:
    if insight.author != who and not may_all:
        raise Forbidden(f"only {insight.author}, its author, may change this note", fix="Write a comment instead.")


def _next(insight: Insight, **changes: object) -> Insight:
    return msgspec.structs.replace(insight, v=insight.v + 1, **changes)


def view(insight: Insight) -> InsightView:
    return InsightView(
        id=insight.id,
        revision=insight.revision,
        title=insight.title,
        text=insight.text,
        author=insight.author,
        created_at=moment(insight.created),
        updated_at=moment(insight.updated),
        links=insight.links,
        comments=[
            CommentView(id=comment.id, author=comment.author, text=comment.text, at=moment(comment.at))
            for comment in insight.comments
        ],
    )


def summary(insight: Insight, score: float | None = None) -> InsightSummary:
    return InsightSummary(
        id=insight.id,
        title=insight.title,
        excerpt=insight.text[:EXCERPT_LENGTH],
        author=insight.author,
        created_at=moment(insight.created),
        updated_at=moment(insight.updated),
        links=insight.links,
        comments=len(insight.comments),
        score=score,
    )
