"""What the mutation that records a repeat takes."""

from __future__ import annotations

import strawberry

from services.gateway.types.commands import KEY_DESCRIPTION, FigureInput


@strawberry.input(description="What came of making a run again; the registry compares.")
class RecordReproductionInput:
    run_id: str = strawberry.field(description="The original run.")
    rerun_id: str | None = strawberry.field(default=None, description="The run that repeated it.")
    metrics: list[FigureInput] | None = strawberry.field(
        default=None, description="The metrics as they were measured, if there is no such run."
    )
    failed: bool | None = strawberry.field(default=None, description="There is nothing to compare; `note` says why.")
    tolerance: float | None = strawberry.field(
        default=None, description="How far metrics may be apart, relatively; 0 if unsaid."
    )
    note: str | None = strawberry.field(default=None, description="What others should know.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)
