"""Registers, changes and deletes models and sets their aliases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from services.contracts.base import Event
from services.contracts.identity import Action, require
from services.registry.clock import Now
from services.registry.documents import create, put, save
from services.registry.models import rules
from services.registry.models.rules import Model, Version
from services.registry.models.store import MODELS, VERSIONS, MongoModels
from services.registry.names import check_key
from services.registry.renames import Follow
from services.registry.states import keep
from services.registry.turns import Turns
from services.runtime.context import Context
from services.runtime.outbox import Change, Outbox

Sign = Callable[[Change, Model], None]
Decide = Callable[[Model], tuple[Model, Event] | None]


class Models:
    def __init__(self, outbox: Outbox, store: MongoModels, turns: Turns, now: Now) -> None:
        self._outbox = outbox
        self._store = store
        self._turns = turns
        self._now = now
        self._followers: Sequence[Follow] = ()

    def followed_by(self, *followers: Follow) -> None:
        """Who keeps things under models' names, and moves them when a model is renamed."""
        self._followers = followers

    async def register(
        self, context: Context, name: str, description: str, tags: Mapping[str, str], sign: Sign | None = None
    ) -> Model:
        """Raises Conflict if the name is taken."""
        require(context.principal, Action.MANAGE_MODELS)
        result: Model | None = None

        async def attempt() -> Change:
            nonlocal result
            former = await self._store.get(name)
            result, event = rules.registered(name, former, description, tags, self._now())
            change = Change(context, "register_model")
            put(change, MODELS, former, result)
            keep(change, "model", None, result, result.updated)
            change.emit(event, result.v)
            if sign is not None:
                sign(change, result)
            return change

        async with self._turns.of(name):
            await create(self._outbox, attempt)
        assert result is not None
        return result

    async def get(self, context: Context, name: str) -> Model:
        require(context.principal, Action.READ)
        rules.check_model_name(name)
        model = await self._store.get(name)
        if model is None or model.gone:
            raise rules.no_model(name)
        return model

    async def describe(self, context: Context, name: str, description: str) -> Model:
        return await self._change(
            context, "describe_model", name, lambda model: rules.described(model, description, self._now())
        )

    async def set_tag(self, context: Context, name: str, key: str, value: str) -> None:
        rules.check_model_name(name)
        rules.check_tag(key, value)
        await self._change(context, "tag_model", name, lambda model: rules.tagged(model, key, value))

    async def delete_tag(self, context: Context, name: str, key: str) -> None:
        rules.check_model_name(name)
        check_key(key)
        await self._change(context, "untag_model", name, lambda model: rules.untagged(model, key))

    async def set_alias(self, context: Context, name: str, alias: str, version: str) -> Version:
        """Raises NotFound unless the version exists."""
        rules.check_model_name(name)
        rules.check_free_alias(alias)
        number = rules.version_number(version)
        require(context.principal, Action.MANAGE_MODELS)
        found: Version | None = None

        async def attempt() -> Change | None:
            nonlocal found
            found = await self._store.get_version(name, number)
            if found is None or found.gone:
                raise rules.no_version(name, number)
            model = await self.get(context, name)
            return self._changed(context, "set_alias", model, rules.alias_set(model, alias, number))

        async with self._turns.of(name):
            await self._outbox.retrying(attempt)
        assert found is not None
        return found

    async def delete_alias(self, context: Context, name: str, alias: str) -> None:
        rules.check_model_name(name)
        rules.check_alias(alias)
        await self._change(context, "delete_alias", name, lambda model: rules.alias_removed(model, alias))

    async def point(self, change: Change, name: str, alias: str, version: str) -> None:
        """Adds to a change that `alias` stands for `version`; nothing if it does already. Raises NotFound."""
        number = rules.version_number(version)
        found = await self._store.get_version(name, number)
        if found is None or found.gone:
            raise rules.no_version(name, number)
        model = await self.get(change.context, name)
        self._add(change, model, rules.alias_set(model, alias, number))

    async def unpoint(self, change: Change, name: str, alias: str, version: str) -> None:
        """Adds to a change that `alias` is gone, if it stands for `version`."""
        model = await self.get(change.context, name)
        if rules.alias_target(model, alias) == rules.version_number(version):
            self._add(change, model, rules.alias_removed(model, alias))

    def _add(self, change: Change, before: Model, decided: tuple[Model, Event] | None) -> None:
        if decided is not None:
            save(change, MODELS, before, decided[0])
            keep(change, "model", before, decided[0], self._now())
            change.emit(decided[1], decided[0].v)

    async def rename(self, context: Context, name: str, new_name: str) -> Model:
        """Its versions, tags and aliases come along, and what others keep under its name."""
        require(context.principal, Action.MANAGE_MODELS)
        rules.check_new_name(new_name, "new_name")
        result: Model | None = None

        async def attempt() -> Change | None:
            nonlocal result
            model = await self.get(context, name)
            if new_name == name:
                result = model
                return None
            now = self._now()
            former = await self._store.get(new_name)
            result, event = rules.renamed(model, new_name, former, now)
            change = Change(context, "rename_model")
            put(change, MODELS, former, result)
            keep(change, "model", model, result, now, former=model.id)
            change.emit(event, result.v)
            await self._move_versions(change, model, new_name, now)
            self._remove(change, model, now)
            for follow in self._followers:
                await follow(change, name, new_name)
            return change

        async with self._turns.of(name):
            await create(self._outbox, attempt)
        assert result is not None
        return result

    async def _move_versions(self, change: Change, model: Model, new_name: str, now: int) -> None:
        versions = await self._store.versions_of([model.name])
        for version in versions:
            former = await self._store.get_version(new_name, version.version)
            moved, registered = rules.version_renamed(version, new_name, former, now)
            put(change, VERSIONS, former, moved)
            keep(change, "version", version, moved, now, former=version.id)
            change.emit(registered, moved.v)
            self._remove_version(change, version, now)

    async def delete(self, context: Context, name: str) -> None:
        """With its versions and aliases. The name may be used again."""
        require(context.principal, Action.MANAGE_MODELS)

        async def attempt() -> Change:
            model = await self.get(context, name)
            now = self._now()
            change = Change(context, "delete_model")
            for version in await self._store.versions_of([name]):
                self._remove_version(change, version, now)
            self._remove(change, model, now)
            return change

        async with self._turns.of(name):
            await self._outbox.retrying(attempt)

    def _remove(self, change: Change, model: Model, now: int) -> None:
        left, event = rules.removed(model, now)
        save(change, MODELS, model, left)
        keep(change, "model", model, left, now)
        change.emit(event, left.v)

    def _remove_version(self, change: Change, version: Version, now: int) -> None:
        left, removed = rules.version_removed(version, now)
        save(change, VERSIONS, version, left)
        keep(change, "version", version, left, now)
        change.emit(removed, left.v)

    async def _change(self, context: Context, action: str, name: str, decide: Decide) -> Model:
        require(context.principal, Action.MANAGE_MODELS)
        result: Model | None = None

        async def attempt() -> Change | None:
            nonlocal result
            before = await self.get(context, name)
            decided = decide(before)
            result = before if decided is None else decided[0]
            return self._changed(context, action, before, decided)

        async with self._turns.of(name):
            await self._outbox.retrying(attempt)
        assert result is not None
        return result

    def _changed(
        self, context: Context, action: str, before: Model, decided: tuple[Model, Event] | None
    ) -> Change | None:
        if decided is None:
            return None
        change = Change(context, action)
        self._add(change, before, decided)
        return change
