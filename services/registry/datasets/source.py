"""Where data come from, and what is still to be said about it."""

from __future__ import annotations

import msgspec

from services.contracts.datasets import DataSourceDescribed, DescribeSource, PersonalData, SourceView
from services.contracts.errors import Conflict, Invalid, TooLarge
from services.registry.brevity import cut
from services.registry.datasets.version import check_name
from services.registry.runs.times import moment
from services.registry.values import Aggregate

TEXT_LENGTH = 4000
UNPROTECTED = ("none", "anonymised")
"""Personal data that needs no protection: there is none, or nobody can be told from it."""


class Source(Aggregate, frozen=True, kw_only=True):
    """`id` is the name; times in milliseconds since 1970."""

    revision: int
    description: str
    location: str
    owner: str
    licence: str
    legal_basis: str
    personal_data: PersonalData
    protection: str
    refresh: str
    size: str
    created: int
    updated: int
    by: str


_TEXTS = ("description", "location", "owner", "licence", "legal_basis", "protection", "refresh", "size")


def missing(source: Source) -> list[str]:
    """What somebody has to answer before the data may be used with a good conscience."""
    wanted = ["owner", "licence", "legal_basis", "refresh"]
    if source.personal_data not in UNPROTECTED:
        wanted.append("protection")
    return [name for name in wanted if not getattr(source, name)]


def described(
    former: Source | None, request: DescribeSource, now: int, who: str
) -> tuple[Source, DataSourceDescribed | None]:
    """The source with everything set anew; no event if nothing differs.

    Raises Invalid, TooLarge, Conflict if it isn't at `expected` (or exists, and nothing was expected of it).
    """
    check_name("source", request.source)
    for name in _TEXTS:
        if len(getattr(request, name)) > TEXT_LENGTH:
            raise TooLarge(f"{name} has more than {TEXT_LENGTH} characters", field=name)
    if former is not None and request.expected != former.revision:
        raise Conflict(
            f"the source {request.source!r} is at revision {former.revision}, not {request.expected or 0}",
            code="CHANGED_MEANWHILE" if request.expected else "ALREADY_EXISTS",
            field="expected",
            fix="Load it, look at it, and say which revision you change.",
        )
    if former is None and request.expected:
        raise Invalid(f"there is no source {request.source!r} yet", field="expected")
    after = Source(
        id=request.source,
        v=1 if former is None else former.v + 1,
        revision=1 if former is None else former.revision + 1,
        personal_data=request.personal_data,
        created=now if former is None else former.created,
        updated=now,
        by=who,
        **{name: getattr(request, name).strip() for name in _TEXTS},
    )
    if former is not None and _said(former) == _said(after):
        return former, None
    return after, DataSourceDescribed(
        source=after.id,
        revision=after.revision,
        owner=cut(after.owner),
        licence=cut(after.licence),
        legal_basis=cut(after.legal_basis),
        personal_data=after.personal_data,
        protection=cut(after.protection),
        refresh=cut(after.refresh),
        missing=missing(after),
        by=who,
    )


def _said(source: Source) -> list[str]:
    return [source.personal_data, *(getattr(source, name) for name in _TEXTS)]


def view(source: Source) -> SourceView:
    return SourceView(
        name=source.id,
        missing=missing(source),
        personal_data=source.personal_data,
        revision=source.revision,
        created_at=moment(source.created),
        updated_at=moment(source.updated),
        by=source.by,
        **{name: getattr(source, name) for name in _TEXTS},
    )


assert set(_TEXTS) < set(msgspec.structs.asdict(DescribeSource(source="x")))
