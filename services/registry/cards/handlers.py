"""Writes the words of cards, makes cards out of the facts, and keeps those that were published."""

from __future__ import annotations

import msgspec

from services.contracts.cards import (
    CardSummary,
    CardView,
    CardWordsView,
    GetCard,
    GetCardWords,
    ListCards,
    PublishCard,
    WriteCard,
)
from services.contracts.errors import NotFound
from services.contracts.identity import Action, require
from services.contracts.paging import Page
from services.contracts.registry import GetModels, VersionView
from services.contracts.written import Written
from services.registry.cards import markdown, page, rules, sections
from services.registry.cards.document import Card
from services.registry.cards.facts import Recorded
from services.registry.cards.rules import Published
from services.registry.cards.store import CARD, CARD_WORDS, CARDS, WORDS, MongoCards, keep_content
from services.registry.clock import Now
from services.registry.documents import put
from services.registry.once import once
from services.registry.runs.times import moment
from services.registry.states import milliseconds
from services.runtime.context import Context
from services.runtime.event_numbers import EventNumbers
from services.runtime.outbox import Change, Outbox


class Cards:
    def __init__(self, outbox: Outbox, store: MongoCards, numbers: EventNumbers, recorded: Recorded, now: Now) -> None:
        self._outbox = outbox
        self._store = store
        self._numbers = numbers
        self._recorded = recorded
        self._now = now

    async def write(self, request: WriteCard, context: Context) -> Written:
        """Raises NotFound if there is no such model."""
        require(context.principal, Action.MANAGE_MODELS)

        async def decide() -> tuple[Change, Written]:
            [model] = await self._recorded.models.get(GetModels(names=[request.model_name]), context)
            if model is None:
                raise NotFound(f"there is no model {request.model_name!r}", field="model_name")
            former = await self._store.words(model.name)
            after, event = rules.written(former, model.name, request.words, request.expected, context.principal.user)
            change = Change(context, "write_card")
            if event is not None:
                if former is None:
                    after = msgspec.structs.replace(after, v=await self._numbers.last(CARD_WORDS, after.id) + 1)
                put(change, WORDS, former, after)
                change.emit(event, after.v)
            return change, Written(id=model.name, revision=after.revision)

        return await once(self._outbox, request, context, decide, again_on_duplicate=True)

    async def words(self, request: GetCardWords, context: Context) -> CardWordsView:
        require(context.principal, Action.READ)
        return rules.words_view(request.model_name, await self._store.words(request.model_name))

    async def publish(self, request: PublishCard, context: Context) -> CardSummary:
        """The same facts and words make no new revision."""
        require(context.principal, Action.MANAGE_MODELS)

        async def decide() -> tuple[Change, CardSummary]:
            version = await self._recorded.version(request.model_name, request.version, context)
            card = await self._made(version, context)
            former = await self._store.newest(version.model_name, version.version)
            after, event = rules.published(
                former,
                model_name=version.model_name,
                version=version.version,
                digest=card.digest(),
                missing=card.missing(),
                who=context.principal.user,
                now=self._now(),
            )
            change = Change(context, "publish_card")
            if event is not None:
                if former is None:
                    after = msgspec.structs.replace(after, v=await self._numbers.last(CARD, after.id) + 1)
                put(change, CARDS, former, after)
                keep_content(change, after, markdown.rendered(card), page.rendered(card))
                change.emit(event, after.v)
            return change, rules.summary(after)

        return await once(self._outbox, request, context, decide, again_on_duplicate=True)

    async def get(self, request: GetCard, context: Context) -> CardView:
        """Raises NotFound for a version or revision that isn't there."""
        require(context.principal, Action.READ)
        version = await self._recorded.version(request.model_name, request.version, context)
        newest = await self._store.newest(version.model_name, version.version)
        card = await self._made(version, context)
        if request.draft or newest is None:
            if request.as_of is not None:
                raise NotFound("no card was published by then", field="as_of")
            if request.revision is not None:
                raise NotFound(f"the card has no revision {request.revision}", field="revision")
            return _draft(version, card, newest)
        wanted = request.revision or newest.revision
        if request.as_of is not None:
            wanted = await self._store.revision_at(newest, milliseconds(request.as_of)) or 0
        found = await self._store.content(newest, wanted)
        if found is None:
            raise NotFound(f"the card has no revision {wanted}", field="revision")
        then, text, html = found
        return CardView(
            model_name=version.model_name,
            version=version.version,
            revision=wanted,
            digest=then.digest,
            current=then.digest == card.digest(),
            missing=then.missing,
            markdown=text,
            html=html,
            published_at=moment(then.at),
            by=then.by,
        )

    async def renamed(self, change: Change, former_name: str, model_name: str) -> None:
        """Moves a model's cards along with it."""
        await self._store.rename(change, former_name, model_name, self._numbers)

    async def page(self, request: ListCards, context: Context) -> Page[CardSummary]:
        require(context.principal, Action.READ)
        return await self._store.page(request)

    async def _made(self, version: VersionView, context: Context) -> Card:
        words = rules.words_view(version.model_name, await self._store.words(version.model_name)).words
        return sections.card_of(await self._recorded.facts(version, words, context))


def _draft(version: VersionView, card: Card, newest: Published | None) -> CardView:
    return CardView(
        model_name=version.model_name,
        version=version.version,
        revision=0,
        digest=card.digest(),
        current=newest is not None and newest.digest == card.digest(),
        missing=card.missing(),
        markdown=markdown.rendered(card),
        html=page.rendered(card),
    )
