"""Comparisons of any runs and versions: what can be asked."""

from __future__ import annotations

from typing import Annotated

import strawberry

from services.contracts.errors import Invalid, NotFound
from services.contracts.registry import GetVersions, VersionKey
from services.gateway.comparing import Comparison, Side, compared
from services.gateway.operation import Info
from services.gateway.types.fields import viewed
from services.gateway.types.limits import Size
from services.gateway.types.side_by_side import SideBySide

MOST_COMPARED = 20


@strawberry.input(description="A version of a model.")
class VersionInput:
    model: str = strawberry.field(description="The model's name.")
    version: str = strawberry.field(description="Its number, or an alias such as `@champion`.")


async def _comparison(
    info: Info,
    run_ids: Annotated[list[str] | None, strawberry.argument(description="Runs.")] = None,
    versions: Annotated[list[VersionInput] | None, strawberry.argument(description="Versions, of any models.")] = None,
) -> Comparison:
    ids, keys = run_ids or [], versions or []
    if not 2 <= len(ids) + len(keys) <= MOST_COMPARED:
        raise Invalid(
            f"{len(ids) + len(keys)} to compare", field="runIds", fix=f"Name 2 to {MOST_COMPARED} runs and versions."
        )
    runs, found = info.context.relatives.runs, []
    if keys:
        asked = [VersionKey(model_name=key.model, version=key.version) for key in keys]
        found = await info.context.ask(GetVersions(keys=asked))
    await runs.prime([*ids, *(view.run_id for view in found if view and view.run_id)])
    sides = []
    for id_ in ids:
        run = await runs.load(id_)
        if run is None:
            raise NotFound(f"there is no run {id_!r}", field="runIds")
        sides.append(Side(run))
    for key, view in zip(keys, found, strict=True):
        if view is None:
            raise NotFound(f"there is no version {key.version} of {key.model!r}", field="versions")
        sides.append(Side(await runs.load(view.run_id) if view.run_id else None, view))
    return compared(sides)


@strawberry.type
class ComparingQueries:
    """What can be asked."""

    comparison: SideBySide | None = viewed(
        resolver=_comparison,
        size=Size(asks=True),
        description=f"2 to {MOST_COMPARED} runs and versions, of any experiments and models, side by side.",
    )
