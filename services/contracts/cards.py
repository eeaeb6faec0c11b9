"""Model cards: what a version is, made from recorded facts and a few words of its authors, versioned by content."""

from __future__ import annotations

from datetime import datetime

from services.contracts.base import Event, Message, Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.paging import Page, Paging
from services.contracts.written import Written


class CardWords(Message, frozen=True, kw_only=True):
    """What no record can know, in Markdown: shown as text, never as markup of the page."""

    summary: str = ""
    intended_use: str = ""
    out_of_scope: str = ""
    limits: str = ""
    ethics: str = ""
    response_plan: str = ""
    contact: str = ""


class CardWritten(Event, frozen=True, kw_only=True):
    """The words of a model's cards changed: they count for all its versions. `filled` names those that say anything."""

    service = "registry"
    aggregate = "card_words"
    name = "written"
    key = ("model_name",)

    model_name: str
    revision: int
    filled: list[str]
    by: str


class CardPublished(Event, frozen=True, kw_only=True):
    """`digest` is of the card's content: the same facts and words make the same card."""

    service = "registry"
    aggregate = "model_card"
    name = "published"
    key = ("model_name", "version")

    model_name: str
    version: str
    revision: int
    digest: str
    missing: list[str] = []
    by: str


class CardView(Message, frozen=True, kw_only=True):
    """`html` is a page that needs nothing else. A draft has revision 0 and no time; `current` says whether the facts
    are still those of the published card. `missing` names sections with nothing to say yet."""

    model_name: str
    version: str
    revision: int
    digest: str
    current: bool
    missing: list[str]
    markdown: str
    html: str
    published_at: datetime | None = None
    by: str = ""


class CardSummary(Message, frozen=True, kw_only=True):
    model_name: str
    version: str
    revision: int
    digest: str
    missing: list[str]
    published_at: datetime
    by: str


class CardWordsView(Message, frozen=True, kw_only=True):
    """Revision 0: nothing was written yet."""

    model_name: str
    revision: int
    words: CardWords


class WriteCard(Request[Written], frozen=True, kw_only=True):
    """Sets the words for all versions of a model. `expected`: the revision that was seen, 0 for the first time."""

    service = "registry"
    name = "card.write"

    model_name: str
    words: CardWords
    expected: int | None = None
    idempotency_key: str | None = None


class GetCardWords(Request[CardWordsView], frozen=True, kw_only=True):
    service = "registry"
    name = "card.words"

    model_name: str


class PublishCard(Request[CardSummary], frozen=True, kw_only=True):
    """Makes the card from the facts as they are now; nothing new if it would be the same as the newest."""

    service = "registry"
    name = "card.publish"

    model_name: str
    version: str
    idempotency_key: str | None = None


class GetCard(Request[CardView], frozen=True, kw_only=True):
    """The newest published card, that of a `revision`, or, with `draft` or if there is none, one made now. `version`
    may be an alias, written `@champion`. With `as_of`, the newest that was published by then; raises NotFound if none
    was."""

    service = "registry"
    name = "card.get"

    model_name: str
    version: str
    revision: int | None = None
    draft: bool = False
    as_of: datetime | None = None


class ListCards(Request[Page[CardSummary]], frozen=True, kw_only=True):
    """Newest first."""

    service = "registry"
    name = "card.list"

    paging: Paging = Paging()
    model_name: str | None = None
    version: str | None = None
    where: Condition | None = None
    order: list[Ordering] = []
