"""Cards in MongoDB: the newest one's summary for each version, and every revision as it was published."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import msgspec
from bson import Binary
from pymongo import DESCENDING, IndexModel

from services.contracts.cards import CardPublished, CardSummary, CardWritten, ListCards
from services.contracts.paging import Page
from services.registry.cards import rules
from services.registry.cards.rules import Published, Words
from services.registry.documents import from_document, put
from services.registry.paging import page_of
from services.runtime import conditions
from services.runtime.conditions import Field
from services.runtime.event_numbers import EventNumbers
from services.runtime.outbox import Change
from services.runtime.store import Store, translated

WORDS = "card_words"
CARDS = "model_cards"
CONTENTS = "model_card_contents"
INDEXES: Mapping[str, list[IndexModel]] = {CARDS: [IndexModel([("at", DESCENDING), ("_id", DESCENDING)])]}


def keep_content(change: Change, card: Published, markdown: str, html: str) -> None:
    """What a revision said stays."""
    document = {
        "_id": f"{card.id}#{card.revision}",
        "digest": card.digest,
        "missing": card.missing,
        "by": card.by,
        "at": card.at,
        "markdown": Binary(zlib.compress(markdown.encode())),
        "html": Binary(zlib.compress(html.encode())),
    }
    change.upsert(CONTENTS, {"_id": document.pop("_id")}, {"$set": document})


CARD, CARD_WORDS = CardPublished.aggregate, CardWritten.aggregate
FIELDS: Mapping[str, Field] = {
    "model": Field("model_name"),
    "version": Field("version"),
    "revision": Field("revision", "number"),
    "by": Field("by"),
    "published_at": Field("at", "milliseconds"),
}
"""What lists can be asked for."""


class MongoCards:
    """`rename` moves; all else reads."""

    def __init__(self, store: Store) -> None:
        self._words = store[WORDS]
        self._cards = store[CARDS]
        self._contents = store[CONTENTS]

    async def words(self, model_name: str) -> Words | None:
        with translated():
            row = await self._words.find_one({"_id": model_name})
        return None if row is None else from_document(row, Words)

    async def newest(self, model_name: str, version: str) -> Published | None:
        with translated():
            row = await self._cards.find_one({"_id": f"{model_name}/{version}"})
        return None if row is None else from_document(row, Published)

    async def content(self, card: Published, revision: int) -> tuple[Published, str, str] | None:
        """The revision with its Markdown and HTML."""
        with translated():
            row = await self._contents.find_one({"_id": f"{card.id}#{revision}"})
        if row is None:
            return None
        then = Published(
            id=card.id, v=card.v, r=card.r, model_name=card.model_name, version=card.version, revision=revision,
            digest=row["digest"], missing=row["missing"], by=row["by"], at=row["at"],
        )  # fmt: skip
        return then, zlib.decompress(row["markdown"]).decode(), zlib.decompress(row["html"]).decode()

    async def revision_at(self, card: Published, moment: int) -> int | None:
        """The newest revision that was published by `moment`."""
        matching = {**_revisions(card), "at": {"$lte": moment}}
        with translated():
            rows = await self._contents.find(matching, {"_id": 1}).to_list(None)
        return max((int(row["_id"].rpartition("#")[2]) for row in rows), default=None)

    async def rename(self, change: Change, former_name: str, model_name: str, numbers: EventNumbers) -> None:
        """Moves the words and cards of a model, all revisions, along with it."""
        words = await self.words(former_name)
        if words is not None:
            change.delete(WORDS, {"_id": former_name, "r": words.r})
            events = await numbers.last(CARD_WORDS, model_name)
            put(change, WORDS, await self.words(model_name),
                msgspec.structs.replace(words, id=model_name, v=events, r=1))  # fmt: skip
        with translated():
            rows = await self._cards.find({"model_name": former_name}).to_list(None)
        for row in rows:
            card = from_document(row, Published)
            id_ = f"{model_name}/{card.version}"
            events = await numbers.last(CARD, id_)
            after = msgspec.structs.replace(card, id=id_, model_name=model_name, v=events, r=1)
            change.delete(CARDS, {"_id": card.id, "r": card.r})
            put(change, CARDS, await self.newest(model_name, card.version), after)
            with translated():
                contents = await self._contents.find(_revisions(card)).to_list(None)
            for content in contents:
                change.delete(CONTENTS, {"_id": content["_id"]})
                said = {key: value for key, value in content.items() if key != "_id"}
                change.upsert(CONTENTS, {"_id": f"{id_}#{content['_id'].rpartition('#')[2]}"}, {"$set": said})

    async def page(self, request: ListCards) -> Page[CardSummary]:
        """Newest first, unless another order is asked for."""
        named = {"model_name": request.model_name, "version": request.version}
        matching = {key: value for key, value in named.items() if value is not None}
        return await page_of(
            self._cards,
            {"$and": [matching, conditions.query(request.where, FIELDS)]},
            conditions.keys(request.order, FIELDS, [("at", -1), ("_id", -1)]),
            request.paging,
            lambda row: rules.summary(from_document(row, Published)),
        )


def _revisions(card: Published) -> dict[str, Any]:
    return {"_id": {"$gt": f"{card.id}#", "$lt": f"{card.id}$"}}  # "$" follows "#"
