"""What versions must pass, and whether they did."""

from __future__ import annotations

from datetime import datetime

import strawberry

from services.contracts import gates as contracts
from services.gateway.types.about import AboutVersion
from services.gateway.types.evaluations import Gate, GateVerdict
from services.gateway.types.limits import KEY, Size
from services.gateway.types.node import reads


@strawberry.type(description="Which gates a version of the project's models must pass, and how many must approve it.")
class GatePolicy:
    is_type_of = reads(contracts.GatePolicyView)

    project_id: str = strawberry.field(description="The project.")
    revision: int = strawberry.field(
        description="Counts its changes: the one to name as `expected` when setting it; 0 if nobody has set one."
    )
    gates: list[Gate] = strawberry.field(metadata={KEY: Size(otherwise=10)}, description="Set by people.")
    derived: list[Gate] = strawberry.field(
        metadata={KEY: Size(otherwise=5)},
        description="Those that follow from the board's answers; a gate of the same name replaces one.",
    )
    approvals: int = strawberry.field(description="How many must approve.")
    reason: str = strawberry.field(description="Why it is so.")
    by: str = strawberry.field(description="Who set it.")
    at: datetime | None = strawberry.field(description="When.")


@strawberry.type(description="All gates of a version, judged at once.")
class GateResult(AboutVersion):
    is_type_of = reads(contracts.GateResultView)

    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    number: int = strawberry.field(description="Counts the version's results, from 1.")
    digest: str = strawberry.field(description="Of the version's content.")
    passed: bool = strawberry.field(description="Whether each gate passed.")
    current: bool = strawberry.field(
        description="Whether content and final evaluation are still the same, so that the result counts."
    )
    verdicts: list[GateVerdict] = strawberry.field(
        metadata={KEY: Size(otherwise=10)}, description="What each gate said."
    )
    project_id: str = strawberry.field(description="The project whose policy it was.")
    policy_revision: int = strawberry.field(description="Which revision of it.")
    by: str = strawberry.field(description="Who asked.")
    at: datetime = strawberry.field(description="When.")
