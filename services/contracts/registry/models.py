"""Registered models and versions as they are shown, asked for and changed."""

from __future__ import annotations

from datetime import datetime

from services.contracts.base import Message, Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.paging import Page, Paging


class VersionView(Message, frozen=True, kw_only=True):
    """`metrics` and `params` are the run's, as they are now. `as_of`: all else is as it was then.

    `registered_as`: the model's name when it was registered, if it has been renamed since. `current_name`: with
    `as_of`, what it is called now, if that is another name.
    """

    model_name: str
    version: str
    status: str
    stage: str
    source: str
    user: str
    created_at: datetime
    updated_at: datetime
    description: str = ""
    run_id: str | None = None
    model_id: str | None = None
    aliases: list[str] = []
    tags: dict[str, str] = {}
    metrics: dict[str, float] = {}
    params: dict[str, str] = {}
    registered_as: str | None = None
    as_of: datetime | None = None
    current_name: str | None = None


class ModelView(Message, frozen=True, kw_only=True):
    """`latest` is the version with the highest number. `as_of`: all of it is as it was then, and
    `current_name` is what it is called now, if that is another name."""

    name: str
    created_at: datetime
    updated_at: datetime
    description: str = ""
    tags: dict[str, str] = {}
    aliases: dict[str, str] = {}
    version_count: int = 0
    latest: VersionView | None = None
    as_of: datetime | None = None
    current_name: str | None = None


class GetModels(Request[list[ModelView | None]], frozen=True, kw_only=True):
    """One entry for each name, in order; None where there is no such model, or wasn't then. At most 100 names."""

    service = "registry"
    name = "model.get"

    names: list[str]
    as_of: datetime | None = None


class ListModels(Request[Page[ModelView]], frozen=True, kw_only=True):
    """By name; `name_contains` ignores case. `filter` and `order_by` are as MLflow's, with OR and parentheses; or
    say it with `where` and `order`."""

    service = "registry"
    name = "model.list"

    paging: Paging = Paging()
    name_contains: str | None = None
    tags: dict[str, str] = {}
    filter: str = ""
    order_by: list[str] = []
    where: Condition | None = None
    order: list[Ordering] = []


class VersionKey(Message, frozen=True, kw_only=True):
    model_name: str
    version: str


class GetVersions(Request[list[VersionView | None]], frozen=True, kw_only=True):
    """One entry for each key, in order; None where there is no such version. At most 100 keys.

    A key's `version` may also be an alias, written `@champion`; with `as_of`, what it pointed at then.
    """

    service = "registry"
    name = "version.get"

    keys: list[VersionKey]
    as_of: datetime | None = None


class ListVersions(Request[Page[VersionView]], frozen=True, kw_only=True):
    """Of one model, highest version first; of all models, newest first. `filter` and `order_by` are as MLflow's, with
    OR and parentheses. With `as_of`, which needs `model_name` and takes no filter or order, those that there were."""

    service = "registry"
    name = "version.list"

    paging: Paging = Paging()
    model_name: str | None = None
    filter: str = ""
    order_by: list[str] = []
    as_of: datetime | None = None
    where: Condition | None = None
    order: list[Ordering] = []


class SetAlias(Request[VersionView], frozen=True, kw_only=True):
    service = "registry"
    name = "alias.set"

    model_name: str
    alias: str
    version: str
    idempotency_key: str | None = None
