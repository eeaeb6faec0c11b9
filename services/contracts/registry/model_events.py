"""What registered models and their versions say."""

from __future__ import annotations

from services.contracts.base import Event


class ModelRegistered(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "registered_model"
    name = "registered"
    key = ("model_name",)

    model_name: str
    description: str = ""
    tags: dict[str, str] = {}


class ModelUpdated(Event, frozen=True, kw_only=True):
    """Renamed (from `former_name`), described, tagged or deleted; `changed` names what."""

    service = "registry"
    aggregate = "registered_model"
    name = "updated"
    key = ("model_name",)

    model_name: str
    changed: list[str]
    former_name: str | None = None


class AliasSet(Event, frozen=True, kw_only=True):
    """`alias` now points at `version`; before, at `former_version` (None: it didn't exist)."""

    service = "registry"
    aggregate = "registered_model"
    name = "alias_set"
    key = ("model_name",)

    model_name: str
    alias: str
    version: str
    former_version: str | None = None


class AliasRemoved(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "registered_model"
    name = "alias_removed"
    key = ("model_name",)

    model_name: str
    alias: str
    version: str


class VersionRegistered(Event, frozen=True, kw_only=True):
    """`former_name`: it isn't new, its model was renamed from that."""

    service = "registry"
    aggregate = "model_version"
    name = "registered"
    key = ("model_name", "version")

    model_name: str
    version: str
    source: str
    user: str
    run_id: str | None = None
    model_id: str | None = None
    former_name: str | None = None


class VersionUpdated(Event, frozen=True, kw_only=True):
    """Described, tagged, moved to another stage or deleted; `changed` names what."""

    service = "registry"
    aggregate = "model_version"
    name = "updated"
    key = ("model_name", "version")

    model_name: str
    version: str
    changed: list[str]
    stage: str = "None"
    deleted: bool = False
