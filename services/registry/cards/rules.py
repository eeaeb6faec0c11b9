"""The words of a model's cards, and the cards that were published. Pure."""

from __future__ import annotations

import msgspec

from services.contracts.cards import CardPublished, CardSummary, CardWords, CardWordsView, CardWritten
from services.contracts.errors import Conflict, TooLarge
from services.registry.runs.times import moment
from services.registry.values import Aggregate

WORDS_LENGTH = 10_000
"""Characters of each text: a whole card travels in one message of 1 MB."""


class Words(Aggregate, frozen=True, kw_only=True):
    """`id` is the model's name."""

    revision: int
    words: CardWords
    by: str


class Published(Aggregate, frozen=True, kw_only=True):
    """The newest card of a version; `id` is `model/version`, `at` in milliseconds since 1970."""

    model_name: str
    version: str
    revision: int
    digest: str
    missing: list[str]
    by: str
    at: int


def written(
    former: Words | None, model_name: str, words: CardWords, expected: int | None, who: str
) -> tuple[Words, CardWritten | None]:
    """No event if nothing differs. Raises TooLarge, Conflict if it isn't at `expected`."""
    texts = msgspec.structs.asdict(words)
    for name, text in texts.items():
        if len(text) > WORDS_LENGTH:
            raise TooLarge(f"{name} has {len(text)} characters; the most is {WORDS_LENGTH}", field=f"words.{name}")
    revision = 0 if former is None else former.revision
    if expected is not None and expected != revision:
        raise Conflict(
            f"the card's words have changed meanwhile: they are at revision {revision}, not {expected}",
            code="CHANGED_MEANWHILE",
            field="expected",
            fix="Load them, look at the change, and try again.",
        )
    if former is not None and former.words == words:
        return former, None
    after = (
        Words(id=model_name, v=1, revision=1, words=words, by=who)
        if former is None
        else msgspec.structs.replace(former, v=former.v + 1, revision=revision + 1, words=words, by=who)
    )
    filled = [name for name, text in texts.items() if text.strip()]
    return after, CardWritten(model_name=model_name, revision=after.revision, filled=filled, by=who)


def words_view(model_name: str, found: Words | None) -> CardWordsView:
    if found is None:
        return CardWordsView(model_name=model_name, revision=0, words=CardWords())
    return CardWordsView(model_name=model_name, revision=found.revision, words=found.words)


def published(
    former: Published | None, *, model_name: str, version: str, digest: str, missing: list[str], who: str, now: int
) -> tuple[Published, CardPublished | None]:
    """No event if the newest card says the same."""
    if former is not None and former.digest == digest:
        return former, None
    after = Published(
        id=f"{model_name}/{version}",
        v=1 if former is None else former.v + 1,
        model_name=model_name,
        version=version,
        revision=1 if former is None else former.revision + 1,
        digest=digest,
        missing=missing,
        by=who,
        at=now,
    )
    event = CardPublished(
        model_name=model_name, version=version, revision=after.revision, digest=digest, missing=missing, by=who
    )
    return after, event


def summary(card: Published) -> CardSummary:
    return CardSummary(
        model_name=card.model_name,
        version=card.version,
        revision=card.revision,
        digest=card.digest,
        missing=card.missing,
        published_at=moment(card.at),
        by=card.by,
    )
