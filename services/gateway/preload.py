"""Fetches the relatives that a query selects on the items of a page, each kind in one request for the whole page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence

from services.contracts.registry import ModelView, VersionView
from services.contracts.reviews import ReviewView
from services.gateway.lookahead import Selected
from services.gateway.operation import Operation


async def preload_versions(operation: Operation, versions: Sequence[VersionView], selected: Selected) -> None:
    """For versions on which `selected` is selected. A service that is away fails only the fields that need it."""
    relatives = operation.relatives
    wanted: list[Awaitable[None]] = []
    if "run" in selected:
        wanted.append(relatives.runs.prime(view.run_id for view in versions if view.run_id))
    if "monitored" in selected:
        wanted.append(relatives.monitored.prime((view.model_name, view.version) for view in versions))
    if "model" in selected and not any(view.as_of for view in versions):
        wanted.append(_models_of(operation, versions, selected.into("model")))
    await asyncio.gather(*wanted)


async def _models_of(operation: Operation, versions: Iterable[VersionView], selected: Selected) -> None:
    names = list(dict.fromkeys(view.model_name for view in versions))
    await operation.relatives.models.prime(names)
    models = [model for name in names for model in operation.relatives.models.loaded(name)]
    await preload_models(operation, models, selected)


async def preload_models(operation: Operation, models: Sequence[ModelView], selected: Selected) -> None:
    """For models on which `selected` is selected."""
    if "latestVersion" in selected:
        latest = [model.latest for model in models if model.latest]
        await preload_versions(operation, latest, selected.into("latestVersion"))


async def preload_reviews(operation: Operation, reviews: Sequence[ReviewView], selected: Selected) -> None:
    """For reviews on which `selected` is selected."""
    if "modelVersion" in selected:
        keys = [(view.model_name, view.version) for view in reviews]
        await operation.relatives.versions.prime(keys)
        versions = [version for key in keys for version in operation.relatives.versions.loaded(key)]
        await preload_versions(operation, versions, selected.into("modelVersion"))
