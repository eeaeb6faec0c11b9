"""Copies registered models with their versions, once the runs and logged models they are made of have been copied."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from deploy.local.mlflow_copy.rows import PAGE, SOURCE_ID, Row, tags_of
from deploy.local.mlflow_copy.server import Refusal

if TYPE_CHECKING:
    from deploy.local.mlflow_copy.copying import Copying


class RegisteredModels:
    """The last part of `copying`."""

    def __init__(self, copying: Copying) -> None:
        self._source, self._target = copying.source, copying.target
        self._runs, self._models = copying.runs, copying.models
        self._counts, self._left_out, self._progress = copying.counts, copying.left_out, copying.progress

    async def copy(self, chosen: str) -> None:
        """Those whose name fits the pattern `chosen`."""
        wish = {"max_results": PAGE}
        found = [
            entry async for entry in self._source.pages("GET", "registered-models/search", "registered_models", **wish)
        ]
        found = [entry for entry in found if fnmatchcase(entry["name"], chosen)]
        for number, model in enumerate(found):
            self._progress("registered models", number, len(found))
            await self._one(model)
        self._progress("registered models", len(found), len(found))

    async def _one(self, model: Row) -> None:
        name = model["name"]
        description = {"description": model["description"]} if model.get("description") else {}
        tags = [*model.get("tags", []), {"key": SOURCE_ID, "value": self._source.url}]
        try:
            await self._target.post("registered-models/create", name=name, tags=tags, **description)
            self._counts["registered models"] += 1
        except Refusal as refusal:
            if refusal.code != "RESOURCE_ALREADY_EXISTS":
                raise
            known = (await self._target.get("registered-models/get", name=name))["registered_model"]
            if tags_of(known).get(SOURCE_ID) != self._source.url:
                self._left_out.append(f"registered model {name}: the target has one of that name already")
                return
        wish = {"filter": f"name = '{_escaped(name)}'", "max_results": PAGE}
        versions = [
            entry async for entry in self._source.pages("GET", "model-versions/search", "model_versions", **wish)
        ]
        copied = [entry async for entry in self._target.pages("GET", "model-versions/search", "model_versions", **wish)]
        done = max((int(version["version"]) for version in copied), default=0)
        there = {int(version["version"]) for version in copied}
        for number in there - {int(version["version"]) for version in versions}:  # left when an attempt broke off
            await self._target.delete("model-versions/delete", name=name, version=str(number))
        for version in sorted(versions, key=lambda entry: int(entry["version"])):
            number = int(version["version"])
            try:
                while done < number:
                    done = await self._version(version, number)
                    there.add(done)
            except Refusal as refusal:  # of a source that the target can't have
                self._left_out.append(f"version {number} of {name}: {refusal}")
            if number not in there:
                continue
            if version.get("current_stage", "None") != "None":
                stage = {"stage": version["current_stage"], "archive_existing_versions": False}
                await self._target.post("model-versions/transition-stage", name=name, version=str(number), **stage)
        for alias in model.get("aliases", []):
            if int(alias["version"]) in there:
                await self._target.post("registered-models/alias", name=name, **alias)

    async def _version(self, version: Row, number: int) -> int:
        """Creates the next version; one before `number` stands for a deleted one, and is deleted again."""
        name = version["name"]
        run = self._runs.get(version.get("run_id", ""))
        description = {"description": version["description"]} if version.get("description") else {}
        source = self._translated(version["source"])
        created = await self._target.post(
            "model-versions/create",
            name=name,
            source=source,
            **({"model_id": source.removeprefix("models:/")} if source.startswith("models:/m-") else {}),
            tags=version.get("tags", []),
            **({"run_id": run["info"]["run_id"]} if run else {}),
            **description,
        )
        given = int(created["model_version"]["version"])
        if given < number:
            await self._target.delete("model-versions/delete", name=name, version=str(given))
        else:
            self._counts["versions"] += 1
        return given

    def _translated(self, source: str) -> str:
        """Where a version's files lie in the target."""
        if source.startswith("models:/m-"):
            copy = self._models.get(source.removeprefix("models:/"))
            return f"models:/{copy['info']['model_id']}" if copy else source
        if source.startswith("runs:/"):
            source_id, slash, path = source.removeprefix("runs:/").partition("/")
            run = self._runs.get(source_id)
            return f"runs:/{run['info']['run_id']}{slash}{path}" if run else source
        for source_id, model in self._models.items():
            if source_id in source:
                return f"models:/{model['info']['model_id']}"
        for source_id, run in self._runs.items():
            if source_id in source:
                below = source.partition(source_id)[2].removeprefix("/artifacts")
                return f"{run['info']['artifact_uri']}{below}"
        return source


def _escaped(name: str) -> str:
    return name.replace("'", "\\'")
