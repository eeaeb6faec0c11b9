"""What registered models, their versions and aliases are and what may be done with them; MLflow's semantics.

A name or version that is deleted leaves a document behind (`gone`), so that its next event, should the name be used
again, has the next number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from services.contracts.errors import Conflict, Invalid, NotFound
from services.contracts.registry import (
    AliasRemoved,
    AliasSet,
    ModelRegistered,
    ModelUpdated,
    VersionRegistered,
    VersionUpdated,
)
from services.registry import limits
from services.registry.brevity import cut, cut_or_none, within
from services.registry.models.stages import NONE
from services.registry.names import check_key, check_length, check_path, missing_value
from services.registry.values import Aggregate, KeyValue, mapping, pairs

LATEST = "latest"
PROMPT_TAG = "mlflow.prompt.is_prompt"

_ALIAS = re.compile(r"[\w\-]*")
_VERSION_ALIAS = re.compile(r"[vV]\d+")


class Alias(msgspec.Struct, frozen=True):
    alias: str
    version: int


class Model(Aggregate, frozen=True, kw_only=True):
    """`id` is the name; `last_version` the highest number given so far. Times are milliseconds since 1970."""

    created: int
    updated: int
    description: str | None = None
    tags: list[KeyValue] = []
    aliases: list[Alias] = []
    last_version: int = 0
    gone: bool = False

    @property
    def name(self) -> str:
        return self.id


class Version(Aggregate, frozen=True, kw_only=True):
    """`storage_location` is where the files really are, as found when it was registered.

    `registered_as`: the model's name then, if it has been renamed since.
    """

    name: str
    version: int
    created: int
    updated: int
    source: str
    storage_location: str
    description: str | None = None
    user: str = ""
    stage: str = NONE
    run_id: str | None = None
    run_link: str | None = None
    model_id: str | None = None
    tags: list[KeyValue] = []
    registered_as: str | None = None
    gone: bool = False


def version_id(name: str, version: int) -> str:
    return f"{name}/{version}"


# ---------------------------------------------------------------- checks


def check_model_name(name: str, path: str = "name") -> None:
    if not name.strip():
        raise missing_value(path)
    if "/" in name or ":" in name:
        raise Invalid(f"Invalid model name '{name}'. Names cannot contain '/' or ':'.", field=path)
    check_path(name, path)


def check_new_name(name: str, path: str = "name") -> None:
    check_model_name(name, path)
    check_length(path, name, limits.MODEL_NAME_LENGTH)


def check_alias(alias: str) -> None:
    if not alias:
        raise Invalid("Registered model alias name cannot be empty.", field="alias")
    if not _ALIAS.fullmatch(alias):
        raise Invalid(
            f"Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-).",
            field="alias",
        )
    check_length("Registered model alias name", alias, limits.ALIAS_LENGTH)


def check_free_alias(alias: str) -> None:
    """An alias that may be set: `latest` and `v1` mean versions already."""
    check_alias(alias)
    if alias.lower() == LATEST:
        raise Invalid("'latest' alias name (case insensitive) is reserved.", field="alias")
    if _VERSION_ALIAS.fullmatch(alias):
        raise Invalid(f"Version alias name '{alias}' is reserved.", field="alias")


def check_tag(key: str, value: str) -> None:
    check_key(key)
    check_length("key", key, limits.REGISTRY_TAG_KEY_LENGTH)
    check_length("value", value, limits.REGISTRY_TAG_VALUE_LENGTH)


def version_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise Invalid(f"Parameter 'version' must be an integer, got '{text}'.", field="version") from None


def is_prompt(tags: Iterable[KeyValue]) -> bool:
    return mapping(tags).get(PROMPT_TAG, "false").lower() == "true"


def no_model(name: str) -> NotFound:
    return NotFound(f"Registered Model with name={name} not found")


def no_version(name: str, version: object) -> NotFound:
    return NotFound(f"Model Version (name={name}, version={version}) not found")


def taken(existing: Model, tags: Iterable[KeyValue]) -> Conflict:
    """What to say to whoever registers a name that exists."""
    old = "Prompt" if is_prompt(existing.tags) else "Registered Model"
    new = "Prompt" if is_prompt(tags) else "Registered Model"
    if old != new:
        message = (
            f"Tried to create a {new.lower()} with name {existing.name!r}, but the name is already taken by a "
            f"{old.lower()}. MLflow does not allow creating a model and a prompt with the same name."
        )
    else:
        message = f"{new} (name={existing.name}) already exists."
    return Conflict(message, code="RESOURCE_ALREADY_EXISTS", field="name")


# ---------------------------------------------------------------- models


def registered(
    name: str, former: Model | None, description: str | None, tags: Mapping[str, str], now: int
) -> tuple[Model, ModelRegistered]:
    """A new model; `former` is what an earlier one of that name left behind."""
    check_new_name(name)
    for key, value in tags.items():
        check_tag(key, value)
    if former is not None and not former.gone:
        raise taken(former, pairs(tags))
    model = Model(
        id=name,
        v=1 if former is None else former.v + 1,
        created=now,
        updated=now,
        description=description,
        tags=pairs(tags),
    )
    event = ModelRegistered(model_name=name, description=cut(description or ""), tags=within(tags))
    return model, event


def described(model: Model, description: str | None, now: int) -> tuple[Model, ModelUpdated]:
    after = _next(model, description=description, updated=now)
    return after, ModelUpdated(model_name=model.name, changed=["description"])


def tagged(model: Model, key: str, value: str) -> tuple[Model, ModelUpdated]:
    check_tag(key, value)
    after = _next(model, tags=pairs({**mapping(model.tags), key: value}))
    return after, ModelUpdated(model_name=model.name, changed=["tags"])


def untagged(model: Model, key: str) -> tuple[Model, ModelUpdated] | None:
    """None if there is no such tag, which MLflow doesn't mind."""
    check_key(key)
    tags = mapping(model.tags)
    if tags.pop(key, None) is None:
        return None
    return _next(model, tags=pairs(tags)), ModelUpdated(model_name=model.name, changed=["tags"])


def renamed(model: Model, name: str, former: Model | None, now: int) -> tuple[Model, ModelUpdated]:
    """The model under its new `name`; what stays under the old one is `removed`."""
    if former is not None and not former.gone:
        raise Conflict(
            f"Registered Model (name={name}) already exists.", code="RESOURCE_ALREADY_EXISTS", field="new_name"
        )
    after = msgspec.structs.replace(model, id=name, v=1 if former is None else former.v + 1, r=1, updated=now)
    return after, ModelUpdated(model_name=name, changed=["name"], former_name=model.name)


def removed(model: Model, now: int) -> tuple[Model, ModelUpdated]:
    after = Model(id=model.id, v=model.v + 1, created=model.created, updated=now, gone=True)
    return after, ModelUpdated(model_name=model.name, changed=["deleted"])


# ---------------------------------------------------------------- aliases


def alias_set(model: Model, alias: str, version: int) -> tuple[Model, AliasSet] | None:
    """None if it points there already. That the version exists is the caller's to know."""
    check_free_alias(alias)
    former = alias_target(model, alias)
    if former == version:
        return None
    kept = [entry for entry in model.aliases if entry.alias != alias]
    event = AliasSet(
        model_name=model.name,
        alias=alias,
        version=str(version),
        former_version=None if former is None else str(former),
    )
    return _next(model, aliases=[*kept, Alias(alias, version)]), event


def alias_removed(model: Model, alias: str) -> tuple[Model, AliasRemoved] | None:
    """None if there is no such alias, which MLflow doesn't mind."""
    check_alias(alias)
    target = alias_target(model, alias)
    if target is None:
        return None
    kept = [entry for entry in model.aliases if entry.alias != alias]
    return _next(model, aliases=kept), AliasRemoved(model_name=model.name, alias=alias, version=str(target))


def alias_target(model: Model, alias: str) -> int | None:
    return next((entry.version for entry in model.aliases if entry.alias == alias), None)


def aliases_of(model: Model, version: int) -> list[str]:
    return [entry.alias for entry in model.aliases if entry.version == version]


# ---------------------------------------------------------------- versions


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """What a client states when it registers a version, after its source has been looked up."""

    source: str
    storage_location: str
    user: str
    description: str | None = None
    run_id: str | None = None
    run_link: str | None = None
    model_id: str | None = None
    tags: Mapping[str, str] = {}


def version_registered(
    model: Model, former: Version | None, stated: Registration, now: int
) -> tuple[Model, Version, VersionRegistered]:
    """The model's next version; `former` is what an earlier one of that number left behind."""
    for key, value in stated.tags.items():
        check_tag(key, value)
    number = model.last_version + 1
    version = Version(
        id=version_id(model.name, number),
        v=1 if former is None else former.v + 1,
        name=model.name,
        version=number,
        created=now,
        updated=now,
        source=stated.source,
        storage_location=stated.storage_location,
        description=stated.description,
        user=stated.user,
        run_id=stated.run_id,
        run_link=stated.run_link,
        model_id=stated.model_id,
        tags=pairs(stated.tags),
    )
    after = msgspec.structs.replace(model, last_version=number, updated=now)
    return after, version, version_event(version)


def version_event(version: Version) -> VersionRegistered:
    return VersionRegistered(
        model_name=version.name,
        version=str(version.version),
        source=version.source[:MAX_SOURCE_IN_EVENT],
        user=cut(version.user),
        run_id=cut_or_none(version.run_id) or None,
        model_id=cut_or_none(version.model_id) or None,
    )


MAX_SOURCE_IN_EVENT = 2048


def version_described(version: Version, description: str | None, now: int) -> tuple[Version, VersionUpdated]:
    return _updated(_next_version(version, description=description, updated=now), "description")


def version_tagged(version: Version, key: str, value: str) -> tuple[Version, VersionUpdated]:
    check_tag(key, value)
    return _updated(_next_version(version, tags=pairs({**mapping(version.tags), key: value})), "tags")


def version_untagged(version: Version, key: str) -> tuple[Version, VersionUpdated] | None:
    """None if there is no such tag, which MLflow doesn't mind."""
    check_key(key)
    tags = mapping(version.tags)
    if tags.pop(key, None) is None:
        return None
    return _updated(_next_version(version, tags=pairs(tags)), "tags")


def moved(version: Version, stage: str, now: int) -> tuple[Version, VersionUpdated]:
    return _updated(_next_version(version, stage=stage, updated=now), "stage")


def version_removed(version: Version, now: int) -> tuple[Version, VersionUpdated]:
    """What stays of a deleted version: its number, and nothing of what it said."""
    after = Version(
        id=version.id,
        v=version.v + 1,
        name=version.name,
        version=version.version,
        created=version.created,
        updated=now,
        source="",
        storage_location="",
        gone=True,
    )
    return after, _updated(after, "deleted")[1]


def without_version(model: Model, version: int, now: int) -> tuple[Model, list[AliasRemoved]]:
    """The model after one of its versions was deleted: aliases that pointed there are gone, each with an event."""
    lost = aliases_of(model, version)
    kept = [entry for entry in model.aliases if entry.version != version]
    after = msgspec.structs.replace(model, v=model.v + len(lost), aliases=kept, updated=now)
    return after, [AliasRemoved(model_name=model.name, alias=alias, version=str(version)) for alias in lost]


def version_renamed(version: Version, name: str, former: Version | None, now: int) -> tuple[Version, VersionRegistered]:
    """The version under the model's new name."""
    after = msgspec.structs.replace(
        version,
        id=version_id(name, version.version),
        name=name,
        registered_as=version.registered_as or version.name,
        v=1 if former is None else former.v + 1,
        r=1,
        updated=now,
    )
    return after, msgspec.structs.replace(version_event(after), former_name=version.name)


def latest_by_stage(versions: Iterable[Version]) -> list[Version]:
    """The highest version of each stage, in the order the stages come up."""
    newest: dict[str, Version] = {}
    for version in versions:
        known = newest.get(version.stage)
        if known is None or known.version < version.version:
            newest[version.stage] = version
    return list(newest.values())


def _updated(version: Version, changed: str) -> tuple[Version, VersionUpdated]:
    return version, VersionUpdated(
        model_name=version.name,
        version=str(version.version),
        changed=[changed],
        stage=version.stage,
        deleted=version.gone,
    )


def _next(model: Model, **changes: object) -> Model:
    return msgspec.structs.replace(model, v=model.v + 1, **changes)


def _next_version(version: Version, **changes: object) -> Version:
    return msgspec.structs.replace(version, v=version.v + 1, **changes)
