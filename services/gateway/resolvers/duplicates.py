"""Has this been tried: runs that did the same, or nearly the same."""

from __future__ import annotations

from typing import Annotated

import strawberry

from services.contracts import duplicates as contracts
from services.contracts.duplicates import MAX_SIMILAR, FindSimilarRuns
from services.contracts.errors import Invalid
from services.gateway.operation import Info
from services.gateway.types.commands import KeyValueInput
from services.gateway.types.duplicates import SimilarRun
from services.gateway.types.fields import viewed
from services.gateway.types.limits import Size
from services.gateway.types.runs import DEFAULT_SIMILAR

Limit = Annotated[
    int | None, strawberry.argument(description=f"At most so many, 1 to {MAX_SIMILAR}; {DEFAULT_SIMILAR} if unsaid.")
]


async def _similar_runs(
    info: Info, run_id: Annotated[str, strawberry.argument(description="The run to compare with.")], first: Limit = None
) -> list[contracts.SimilarRun]:
    return await info.context.ask(FindSimilarRuns(run_id=run_id, limit=_checked(first)))


async def _tried(
    info: Info,
    params: Annotated[list[KeyValueInput], strawberry.argument(description="The parameters that it would have.")],
    datasets: Annotated[
        list[str] | None, strawberry.argument(description="Content digests of its data; not compared if unsaid.")
    ] = None,
    code_version: Annotated[
        str | None, strawberry.argument(description="The commit of its code; not compared if unsaid.")
    ] = None,
    entry_point: Annotated[
        str | None, strawberry.argument(description="The program to run; not compared if unsaid.")
    ] = None,
    defaults: Annotated[
        list[KeyValueInput] | None, strawberry.argument(description="Values of parameters that aren't named.")
    ] = None,
    first: Limit = None,
) -> list[contracts.SimilarRun]:
    return await info.context.ask(
        FindSimilarRuns(
            params={entry.key: entry.value for entry in params},
            datasets=datasets,
            code_version=code_version,
            entry_point=entry_point,
            defaults={entry.key: entry.value for entry in defaults or []},
            limit=_checked(first),
        )
    )


def _checked(first: int | None) -> int:
    if first is not None and not 1 <= first <= MAX_SIMILAR:
        raise Invalid(f"`first` is {first}", field="first", fix=f"Ask for 1 to {MAX_SIMILAR}.")
    return DEFAULT_SIMILAR if first is None else first


@strawberry.type
class DuplicateQueries:
    """What can be asked."""

    similar_runs: list[SimilarRun] | None = viewed(
        resolver=_similar_runs,
        size=Size("first", DEFAULT_SIMILAR, asks=True),
        description="Runs like this one, nearest first: the same in everything, then those that differ in little.",
    )
    tried: list[SimilarRun] | None = viewed(
        resolver=_tried,
        size=Size("first", DEFAULT_SIMILAR, asks=True),
        description="Has this been tried: runs like one that is still to be started, nearest first.",
    )
