"""Registers, changes and deletes versions of models."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from services.contracts.errors import Invalid, NotFound
from services.contracts.identity import Action, require
from services.contracts.registry import VersionUpdated
from services.registry.clock import Now
from services.registry.documents import create, put, save
from services.registry.logged_models.handlers import LoggedModels
from services.registry.models import rules, sources
from services.registry.models.handlers import Models
from services.registry.models.rules import Registration, Version
from services.registry.models.stages import ARCHIVED, check_archiving, stage_of
from services.registry.models.store import MODELS, VERSIONS, MongoModels
from services.registry.names import check_key
from services.registry.runs.handlers import Runs
from services.registry.states import keep
from services.registry.turns import Turns
from services.registry.values import pairs
from services.runtime.context import Context
from services.runtime.outbox import Change, Outbox

Sign = Callable[[Change, Version], None]
Decided = tuple[Version, VersionUpdated] | None


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """What a client says when it registers a version; None where it says nothing."""

    name: str
    source: str
    run_id: str | None = None
    model_id: str | None = None
    run_link: str | None = None
    description: str | None = None
    tags: Mapping[str, str] = {}


class Versions:
    def __init__(
        self,
        outbox: Outbox,
        store: MongoModels,
        models: Models,
        runs: Runs,
        logged_models: LoggedModels,
        turns: Turns,
        now: Now,
    ) -> None:
        self._outbox = outbox
        self._store = store
        self._models = models
        self._runs = runs
        self._logged_models = logged_models
        self._turns = turns
        self._now = now

    async def register(self, context: Context, stated: Stated, sign: Sign | None = None) -> Version:
        """Raises NotFound if the model doesn't exist, Invalid if the source isn't the stated run's or model's own."""
        require(context.principal, Action.MANAGE_MODELS)
        rules.check_model_name(stated.name)
        for key, value in stated.tags.items():
            rules.check_tag(key, value)
        registration = await self._resolved(context, stated)
        noted = None if rules.is_prompt(pairs(stated.tags)) else stated.model_id  # copies aren't, as with MLflow
        if noted:  # it is told of its version below, so it has to be there
            await self._logged_models.get(context, noted)
        result: Version | None = None

        async def attempt() -> Change:
            nonlocal result
            model = await self._models.get(context, stated.name)
            former = await self._store.get_version(model.name, model.last_version + 1)
            after, result, event = rules.version_registered(model, former, registration, self._now())
            change = Change(context, "register_version")
            save(change, MODELS, model, after)
            put(change, VERSIONS, former, result)
            keep(change, "version", None, result, result.created)
            change.emit(event, result.v)
            if sign is not None:
                sign(change, result)
            return change

        async with self._turns.of(stated.name):
            await create(self._outbox, attempt)
        assert result is not None
        if noted:
            await self._logged_models.note_version(context, noted, result.name, result.version)
        return result

    async def _resolved(self, context: Context, stated: Stated) -> Registration:
        """Looks up what the source stands for."""
        if rules.is_prompt(pairs(stated.tags)):
            if stated.source not in sources.PROMPT_SOURCES:
                raise Invalid(
                    f"Invalid prompt source: '{stated.source}'. Prompt sources must use an MLflow placeholder.",
                    field="source",
                )
            return _registration(context, stated, stated.source, stated.source, stated.run_id or "", None)
        source, run_id, model_id = stated.source, stated.run_id, stated.model_id
        uri = sources.parse_model_uri(source) if sources.scheme_of(source) == "models" else None
        if uri is not None and uri.kind != "id":
            origin = await self._origin(context, source, uri)
            _check_lineage(stated, origin)
            source = f"models:/{origin.name}/{origin.version}"
            run_id = stated.run_id if stated.run_id is not None else origin.run_id
            model_id = stated.model_id if stated.model_id is not None else origin.model_id
            return _registration(context, stated, source, origin.storage_location, run_id, model_id)
        run_root = await self._run_root(context, run_id) if run_id and not model_id else None
        model_root, source_run = await self._model_root(context, model_id) if model_id else (None, "")
        sources.check_source(
            source, run_id=run_id or "", run_root=run_root, model_id=model_id or "", model_root=model_root
        )
        location = source
        if uri is not None:
            if model_root is None:
                raise _unknown_source(source)
            location = model_root
        return _registration(context, stated, source, location, run_id or source_run, model_id)

    async def _origin(self, context: Context, source: str, uri: sources.ModelUri) -> Version:
        model = await self._models.get(context, uri.name)
        if rules.is_prompt(model.tags):
            raise Invalid(
                f"Invalid model version source: '{source}'. Prompt versions cannot be used as model version sources.",
                field="source",
            )
        if uri.kind == "alias":
            return await self.by_alias(context, uri.name, uri.suffix)
        if uri.kind == "version":
            return await self.get(context, uri.name, uri.suffix)
        newest = await self._store.latest_by_stage([uri.name])
        stage = stage_of(uri.suffix) if uri.kind == "stage" else None
        found = [version for version in newest.get(uri.name, []) if stage in (None, version.stage)]
        if not found:
            raise NotFound(f"No versions of model with name '{uri.name}' and stage '{uri.suffix or 'any'}' found")
        return max(found, key=lambda version: version.version)

    async def _run_root(self, context: Context, run_id: str) -> str | None:
        try:
            return (await self._runs.get(context, run_id)).artifact_uri
        except NotFound:
            return None

    async def _model_root(self, context: Context, model_id: str) -> tuple[str | None, str]:
        try:
            model = await self._logged_models.get(context, model_id)
        except NotFound:
            return None, ""
        return model.artifact_location, model.source_run_id

    # ------------------------------------------------------------ finding

    async def get(self, context: Context, name: str, version: str) -> Version:
        require(context.principal, Action.READ)
        rules.check_model_name(name)
        number = rules.version_number(version)
        found = await self._store.get_version(name, number)
        if found is None or found.gone:
            raise rules.no_version(name, number)
        return found

    async def by_alias(self, context: Context, name: str, alias: str) -> Version:
        """`latest` stands for the highest version. Raises Invalid for an unknown alias, as MLflow does."""
        rules.check_alias(alias)
        model = await self._models.get(context, name)
        if alias.lower() == rules.LATEST:
            newest = (await self._store.latest_by_stage([name])).get(name, [])
            if not newest:
                raise NotFound(f"Latest version not found for model {name}.")
            return max(newest, key=lambda version: version.version)
        number = rules.alias_target(model, alias)
        if number is None:
            raise Invalid(f"Registered model alias {alias} not found.", field="alias")
        return await self.get(context, name, str(number))

    # ------------------------------------------------------------ changing

    async def describe(self, context: Context, name: str, version: str, description: str | None) -> Version:
        return await self._change(
            context, "describe_version", name, version, lambda v: rules.version_described(v, description, self._now())
        )

    async def set_tag(self, context: Context, name: str, version: str, key: str, value: str) -> None:
        rules.check_tag(key, value)
        await self._change(context, "tag_version", name, version, lambda v: rules.version_tagged(v, key, value))

    async def delete_tag(self, context: Context, name: str, version: str, key: str) -> None:
        rules.check_model_name(name)
        rules.version_number(version)
        check_key(key)
        await self._change(context, "untag_version", name, version, lambda v: rules.version_untagged(v, key))

    async def move(self, context: Context, name: str, version: str, stage: str, *, archive_others: bool) -> Version:
        """To another stage; the versions that were there are archived if asked for."""
        require(context.principal, Action.MANAGE_MODELS)
        canonical = check_archiving(stage, archive_others)
        result: Version | None = None

        async def attempt() -> Change:
            nonlocal result
            now = self._now()
            before = await self.get(context, name, version)
            model = await self._models.get(context, name)
            change = Change(context, "move_version")
            save(change, MODELS, model, msgspec.structs.replace(model, updated=now))
            others = await self._store.versions_of([name], stage=canonical) if archive_others else []
            for other in others:
                if other.version != before.version:
                    archived, told = rules.moved(other, ARCHIVED, now)
                    save(change, VERSIONS, other, archived)
                    keep(change, "version", other, archived, now)
                    change.emit(told, archived.v)
            result, event = rules.moved(before, canonical, now)
            save(change, VERSIONS, before, result)
            keep(change, "version", before, result, now)
            change.emit(event, result.v)
            return change

        async with self._turns.of(name):
            await self._outbox.retrying(attempt)
        assert result is not None
        return result

    async def delete(self, context: Context, name: str, version: str) -> None:
        """Aliases that point there go too."""
        require(context.principal, Action.MANAGE_MODELS)

        async def attempt() -> Change:
            now = self._now()
            before = await self.get(context, name, version)
            model = await self._models.get(context, name)
            after, lost = rules.without_version(model, before.version, now)
            change = Change(context, "delete_version")
            save(change, MODELS, model, after)
            if lost:
                keep(change, "model", model, after, now)
            for number, event in enumerate(lost, start=model.v + 1):
                change.emit(event, number)
            left, removed = rules.version_removed(before, now)
            save(change, VERSIONS, before, left)
            keep(change, "version", before, left, now)
            change.emit(removed, left.v)
            return change

        async with self._turns.of(name):
            await self._outbox.retrying(attempt)

    async def _change(
        self, context: Context, action: str, name: str, version: str, decide: Callable[[Version], Decided]
    ) -> Version:
        require(context.principal, Action.MANAGE_MODELS)
        result: Version | None = None

        async def attempt() -> Change | None:
            nonlocal result
            before = await self.get(context, name, version)
            decided = decide(before)
            result = before if decided is None else decided[0]
            if decided is None:
                return None
            change = Change(context, action)
            save(change, VERSIONS, before, decided[0])
            keep(change, "version", before, decided[0], self._now())
            change.emit(decided[1], decided[0].v)
            return change

        async with self._turns.of(name):
            await self._outbox.retrying(attempt)
        assert result is not None
        return result


def _registration(
    context: Context, stated: Stated, source: str, location: str, run_id: str | None, model_id: str | None
) -> Registration:
    return Registration(
        source=source,
        storage_location=location,
        user=context.principal.user,
        description=stated.description,
        run_id=run_id,
        run_link=stated.run_link,
        model_id=model_id,
        tags=stated.tags,
    )


def _check_lineage(stated: Stated, origin: Version) -> None:
    """Whoever copies a version may name its run and model, but no others."""
    other_run = stated.run_id is not None and stated.run_id != (origin.run_id or "")
    other_model = stated.model_id is not None and stated.model_id != (origin.model_id or "")
    if other_run or other_model:
        raise Invalid(
            f"Invalid model version source: '{stated.source}'. The run_id and model_id request parameters must match "
            "the referenced model version.",
            field="source",
        )


def _unknown_source(source: str) -> Invalid:
    return Invalid(f"Unable to fetch model from model URI source artifact location '{source}'.", field="source")
