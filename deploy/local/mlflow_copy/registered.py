"""Copies registered models with their versions, once the runs and logged models they are made of have been copied."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from deploy.local.mlflow_copy.rows import PAGE, SOURCE_ID, Row, pairs, tags_of
from deploy.local.mlflow_copy.server import Refusal

if TYPE_CHECKING:
    from deploy.local.mlflow_copy.copying import Copying

ONLY_PROMPTS = "tags.`mlflow.prompt.is_prompt` = 'true'"
"""A prompt is a registered model with that tag, as its versions are, which searches pass over unless asked for."""
VERSIONS_TAG = "mlflow.modelVersions"
EXPERIMENTS_TAG = "_mlflow_experiment_ids"
"""Where MLflow notes the experiments that a prompt belongs to, as `,1,5,`."""


class RegisteredModels:
    """The last part of `copying`."""

    def __init__(self, copying: Copying) -> None:
        self._source, self._target = copying.source, copying.target
        self._runs, self._models, self._experiments = copying.runs, copying.models, copying.experiments
        self._counts, self._left_out, self._progress = copying.counts, copying.left_out, copying.progress

    async def copy(self, chosen: str) -> None:
        """Those whose name fits the pattern `chosen`."""
        found = [(entry, "") for entry in await self._found(chosen)]
        found += [(entry, ONLY_PROMPTS) for entry in await self._found(chosen, filter=ONLY_PROMPTS)]
        for number, (model, more) in enumerate(found):
            self._progress("registered models", number, len(found))
            await self._one(model, more)
        self._progress("registered models", len(found), len(found))

    async def _found(self, chosen: str, **wish: str) -> list[Row]:
        pages = self._source.pages("GET", "registered-models/search", "registered_models", max_results=PAGE, **wish)
        return [entry async for entry in pages if fnmatchcase(entry["name"], chosen)]

    async def _one(self, model: Row, more: str) -> None:
        """`more` is what finds its versions besides its name."""
        name = model["name"]
        description = {"description": model["description"]} if model.get("description") else {}
        tags = pairs({**self._tags(model), SOURCE_ID: self._source.url})
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
        named = f"name = '{_escaped(name)}'"
        wish = {"filter": f"{named} AND {more}" if more else named, "max_results": PAGE}
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
        model_id = source.removeprefix("models:/") if source.startswith("models:/m-") else None
        created = await self._target.post(
            "model-versions/create",
            name=name,
            source=source,
            **({"model_id": model_id} if model_id else {}),
            tags=version.get("tags", []),
            **({"run_id": run["info"]["run_id"]} if run else {}),
            **description,
        )
        given = int(created["model_version"]["version"])
        if given < number:
            await self._target.delete("model-versions/delete", name=name, version=str(given))
            if model_id:
                await self._forget(model_id, name, given)
        else:
            self._counts["versions"] += 1
        return given

    async def _forget(self, model_id: str, name: str, number: int) -> None:
        """A logged model has noted that it became a version which stood for a deleted one."""
        info = (await self._target.get(f"logged-models/{model_id}"))["model"]["info"]
        noted = json.loads(tags_of(info).get(VERSIONS_TAG, "[]"))
        kept = [entry for entry in noted if (entry.get("name"), entry.get("version")) != (name, number)]
        if len(kept) < len(noted):
            tag = {"key": VERSIONS_TAG, "value": json.dumps(kept)}
            await self._target.patch(f"logged-models/{model_id}/tags", model_id=model_id, tags=[tag])

    def _tags(self, model: Row) -> dict[str, str]:
        tags = tags_of(model)
        if ids := tags.get(EXPERIMENTS_TAG, "").strip(","):
            tags[EXPERIMENTS_TAG] = f",{','.join(self._experiments.get(each, each) for each in ids.split(','))},"
        return tags

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
