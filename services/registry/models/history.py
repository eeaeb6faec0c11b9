"""Models and versions as they were at a moment of the past."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.contracts.paging import Edge, Page, Paging
from services.contracts.registry import VersionKey
from services.registry.models import rules
from services.registry.models.rules import Model, Version, version_id
from services.registry.models.store import MongoModels
from services.registry.paging import page_of
from services.registry.states import States, milliseconds


class ModelHistory:
    def __init__(self, store: MongoModels, states: States) -> None:
        self._store = store
        self._states = states

    async def models(self, names: Sequence[str], as_of: datetime) -> dict[str, Model]:
        """Those that there were then, by the name that was asked for."""
        found = await self._states.at("model", names, milliseconds(as_of), Model)
        return {name: model for name, model in found.items() if not model.gone}

    async def versions(self, keys: Sequence[VersionKey], as_of: datetime) -> list[Version | None]:
        """What each key meant then; None where it meant nothing."""
        named = [key for key in keys if key.version.startswith("@")]
        models = await self.models([key.model_name for key in named], as_of) if named else {}
        ids = [_id(key, models.get(key.model_name)) for key in keys]
        found = await self._states.at("version", [id_ for id_ in ids if id_], milliseconds(as_of), Version)
        then = [found.get(id_) if id_ else None for id_ in ids]
        return [None if version is None or version.gone else version for version in then]

    async def renamed_to(self, name: str, as_of: datetime) -> str | None:
        """What a model that was called so then is called now; None if still so."""
        now = await self._states.id_now("model", name, milliseconds(as_of))
        return None if now == name else now

    async def count(self, name: str, as_of: datetime) -> int:
        """How many versions there were."""
        return await self._store.count_there(name, milliseconds(as_of))

    async def page(self, name: str, paging: Paging, as_of: datetime) -> Page[Version]:
        """Versions that there were, the highest number first, as they were."""
        there = self._store.there(name, milliseconds(as_of))
        page = await page_of(self._store.versions, there, [("version", -1)], paging, self._store.to_version)
        keys = [VersionKey(model_name=name, version=str(edge.node.version)) for edge in page.edges]
        then = await self.versions(keys, as_of)
        edges = [
            Edge(cursor=edge.cursor, node=version)
            for edge, version in zip(page.edges, then, strict=True)
            if version is not None
        ]
        return Page(edges=edges, has_next=page.has_next, has_previous=page.has_previous, total=page.total)


def _id(key: VersionKey, model: Model | None) -> str | None:
    """The id of the version that a number or an alias means."""
    name = key.version
    if not name.startswith("@"):
        return version_id(key.model_name, int(name)) if name.isdecimal() else None
    if model is None:
        return None
    number = rules.alias_target(model, name[1:])
    return None if number is None else version_id(key.model_name, number)
