"""Where data come from."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.contracts.base import Event, Message, Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.paging import Page, Paging
from services.contracts.written import Written

PersonalData = Literal["none", "anonymised", "pseudonymised", "personal", "sensitive"]
"""`sensitive`: special categories, such as health. `none` and `anonymised` need no protection."""


class DataSourceDescribed(Event, frozen=True, kw_only=True):
    """For the first time (revision 1) or anew; everything as it is now."""

    service = "registry"
    aggregate = "data_source"
    name = "described"
    key = ("source",)

    source: str
    revision: int
    owner: str
    licence: str
    legal_basis: str
    personal_data: PersonalData
    protection: str = ""
    refresh: str = ""
    missing: list[str] = []
    by: str


class SourceView(Message, frozen=True, kw_only=True):
    """`missing` names what is still to be said: owner, licence, legal_basis, protection (of personal data), refresh."""

    name: str
    description: str
    location: str
    owner: str
    licence: str
    legal_basis: str
    personal_data: PersonalData
    protection: str
    refresh: str
    size: str
    missing: list[str]
    revision: int
    created_at: datetime
    updated_at: datetime
    by: str


class DescribeSource(Request[Written], frozen=True, kw_only=True):
    """A new one if the name is new, then without `expected`; otherwise everything is set anew."""

    service = "registry"
    name = "source.describe"

    source: str
    description: str = ""
    location: str = ""
    owner: str = ""
    licence: str = ""
    legal_basis: str = ""
    personal_data: PersonalData = "none"
    protection: str = ""
    refresh: str = ""
    size: str = ""
    expected: int | None = None
    idempotency_key: str | None = None


class ListSources(Request[Page[SourceView]], frozen=True, kw_only=True):
    """By name; `name_contains` ignores case."""

    service = "registry"
    name = "source.list"

    paging: Paging = Paging()
    name_contains: str | None = None
    where: Condition | None = None
    order: list[Ordering] = []


class GetSources(Request[list[SourceView | None]], frozen=True, kw_only=True):
    """One entry for each name, in order. At most 100."""

    service = "registry"
    name = "source.get"

    names: list[str]
