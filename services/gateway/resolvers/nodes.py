"""Objects by global id: each kind fetched many at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from services.contracts.errors import Invalid
from services.gateway.clients.batches import MOST_AT_ONCE
from services.gateway.clients.relatives import Relatives
from services.gateway.ids import parsed
from services.gateway.operation import Operation

_Load = Callable[[Relatives, tuple[str, ...]], Awaitable[Any]]

_KINDS: dict[str, tuple[int, _Load]] = {
    "Model": (1, lambda known, key: known.models.load(key[0])),
    "ModelVersion": (2, lambda known, key: known.versions.load((key[0], key[1]))),
    "Run": (1, lambda known, key: known.runs.load(key[0])),
    "Experiment": (1, lambda known, key: known.experiments.load(key[0])),
    "LoggedModel": (1, lambda known, key: known.logged_models.load(key[0])),
    "Project": (1, lambda known, key: known.projects.load(key[0])),
    "Insight": (1, lambda known, key: known.insights.load(key[0])),
    "SavedView": (1, lambda known, key: known.saved_views.load(key[0])),
    "Review": (2, lambda known, key: known.reviews.load((key[0], key[1]))),
    "Alert": (1, lambda known, key: known.alerts.load(key[0])),
    "Evaluation": (1, lambda known, key: known.evaluations.load(key[0])),
    "Retraining": (1, lambda known, key: known.retrainings.load(key[0])),
    "DatasetVersion": (2, lambda known, key: known.dataset_versions.load((key[0], key[1]))),
}
"""Of each type with a global id: of how many parts its key is, and how its view is fetched."""


async def found(operation: Operation, ids: Sequence[str]) -> list[Any]:
    """The objects with these global ids, in order; None where there is none. Raises `Invalid` for a malformed id."""
    if len(ids) > MOST_AT_ONCE:
        raise Invalid(f"{len(ids)} ids at once", field="ids", fix=f"Ask for at most {MOST_AT_ONCE}.")
    return list(await asyncio.gather(*(_one(operation, id_) for id_ in ids)))


async def _one(operation: Operation, id_: str) -> Any:
    kind, key = parsed(id_)
    parts, load = _KINDS.get(kind, (0, None))
    if load is None or parts != len(key):
        raise Invalid("this is not an id of ours", field="id", fix="Use the `id` field of an object as it is.")
    return await load(operation.relatives, key)
