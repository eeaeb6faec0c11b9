"""What mutations of gates take."""

from __future__ import annotations

import strawberry

from services.gateway.inputs.evaluations import GateInput
from services.gateway.types.commands import EXPECTED_DESCRIPTION, KEY_DESCRIPTION


@strawberry.input(description="What versions of a project's models must pass.")
class SetGatePolicyInput:
    project_id: str = strawberry.field(description="The project.")
    gates: list[GateInput] = strawberry.field(description="All gates.")
    reason: str = strawberry.field(description="Why it is to be so.")
    approvals: int | None = strawberry.field(default=None, description="How many must approve; 1 if unsaid.")
    expected: int | None = strawberry.field(default=None, description=EXPECTED_DESCRIPTION)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A version that is to be judged now.")
class EvaluateGatesInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)
