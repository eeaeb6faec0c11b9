"""Objects by global id: each kind fetched in one request."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TypeAlias

from services.contracts.errors import Invalid
from services.contracts.insights import InsightView
from services.contracts.projects import ProjectView
from services.contracts.registry import ExperimentView, ModelView, RunView, VersionView
from services.contracts.reviews import ReviewView
from services.gateway.clients.batches import MOST_AT_ONCE
from services.gateway.ids import parsed
from services.gateway.operation import Operation

NodeView: TypeAlias = ModelView | VersionView | RunView | ExperimentView | ProjectView | InsightView | ReviewView
"""What a Node of the schema is read off."""

_KEY_PARTS = {"Model": 1, "ModelVersion": 2, "Run": 1, "Experiment": 1, "Project": 1, "Insight": 1, "Review": 2}


async def found(operation: Operation, ids: Sequence[str]) -> list[NodeView | None]:
    """The objects with these global ids, in order; None where there is none. Raises `Invalid` for a malformed id."""
    if len(ids) > MOST_AT_ONCE:
        raise Invalid(f"{len(ids)} ids at once", field="ids", fix=f"Ask for at most {MOST_AT_ONCE}.")
    return list(await asyncio.gather(*(_one(operation, id_) for id_ in ids)))


async def _one(operation: Operation, id_: str) -> NodeView | None:
    kind, key = parsed(id_)
    if _KEY_PARTS.get(kind) != len(key):
        raise Invalid("this is not an id of ours", field="id", fix="Use the `id` field of an object as it is.")
    relatives = operation.relatives
    match kind:
        case "Model":
            return await relatives.models.load(key[0])
        case "ModelVersion":
            return await relatives.versions.load((key[0], key[1]))
        case "Run":
            return await relatives.runs.load(key[0])
        case "Project":
            return await relatives.projects.load(key[0])
        case "Review":
            return await relatives.reviews.load((key[0], key[1]))
        case "Insight":
            return await relatives.insights.load(key[0])
        case _:
            return await relatives.experiments.load(key[0])
