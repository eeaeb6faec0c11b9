"""The digest of all that a version is made of: whatever an approval looked at is in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import msgspec

from services.contracts.errors import NotFound
from services.contracts.registry import GetRuns, GetVersions, RunView, VersionKey, VersionView
from services.registry.artifacts.handlers import Artifacts
from services.registry.models.queries import ModelQueries
from services.registry.models.versions import Versions
from services.registry.runs.queries import RunQueries
from services.runtime.context import Context


def content_digest(version: VersionView, run: RunView | None, files: Mapping[str, str] | None = None) -> str:
    """SHA-256 over the version's source, its files, and its run's parameters, metrics, code version and dataset
    digests. `files` maps paths below the version's storage to SHA-256; None where the storage isn't ours.

    Descriptions, tags, aliases, stages and a new name of the model are talk about the version, not what it is made of.
    """
    made_of = {
        "model": version.registered_as or version.model_name,
        "version": version.version,
        "source": version.source,
        "model_id": version.model_id,
        "run_id": version.run_id,
        "files": None if files is None else dict(files),
        "run": None
        if run is None
        else {
            "params": run.params,
            "metrics": {key: repr(value) for key, value in run.metrics.items()},
            "code": run.git_commit,
            "datasets": sorted([dataset.name, dataset.digest, dataset.context or ""] for dataset in run.datasets),
        },
    }
    return hashlib.sha256(json.dumps(made_of, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """A version with its run, as they are now."""

    version: VersionView
    run: RunView | None
    digest: str


class Contents:
    """Looks up what versions are made of."""

    def __init__(self, models: ModelQueries, versions: Versions, runs: RunQueries, artifacts: Artifacts) -> None:
        self._models = models
        self._versions = versions
        self._runs = runs
        self._artifacts = artifacts

    async def of(self, model_name: str, version: str, context: Context) -> Content:
        """`version` may be an alias, written `@champion`. Raises NotFound."""
        found = await self.find(model_name, version, context)
        if found is None:
            raise NotFound(f"there is no version {version} of {model_name!r}", field="version")
        return found

    async def find(self, model_name: str, version: str, context: Context) -> Content | None:
        key = VersionKey(model_name=model_name, version=version)
        [view] = await self._models.get_versions(GetVersions(keys=[key]), context)
        if view is None:
            return None
        run = None
        if view.run_id:
            [run] = await self._runs.get(GetRuns(ids=[view.run_id]), context)
        stored = await self._versions.get(context, view.model_name, view.version)
        files = await self._artifacts.digests(context, stored.storage_location or view.source)
        return Content(version=view, run=run, digest=content_digest(view, run, files))

    async def digest(self, model_name: str, version: str, context: Context) -> str:
        """Of the version's content as it is now. Raises NotFound."""
        return (await self.of(model_name, version, context)).digest
