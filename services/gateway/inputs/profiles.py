"""What checks of dataset versions take."""

from __future__ import annotations

import strawberry

from services.gateway.inputs.datasets import DatasetKeyInput
from services.gateway.types.commands import KEY_DESCRIPTION, FigureInput


@strawberry.input(description="A column whose groups are to be compared with a population.")
class CheckRepresentationInput:
    dataset: str = strawberry.field(description="The dataset's name.")
    digest: str = strawberry.field(description="Its content digest.")
    column: str = strawberry.field(description="The column that names the group.")
    expected: list[FigureInput] = strawberry.field(description="Each group's share of the population, 0 to 1.")
    least_ratio: float | None = strawberry.field(
        default=None, description="A group below this part of its share is under-represented; 0.8 if unsaid."
    )
    population: str | None = strawberry.field(default=None, description="Where the shares come from.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="Two versions that should share no rows.")
class CheckOverlapInput:
    left: DatasetKeyInput = strawberry.field(description="One version: the result is recorded with it.")
    right: DatasetKeyInput = strawberry.field(description="The other.")
    by_key: bool | None = strawberry.field(default=None, description="Compare declared keys instead of whole rows.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)
