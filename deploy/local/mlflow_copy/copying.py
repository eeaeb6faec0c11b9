"""Copies one MLflow server into another. It may be stopped at any time; done again, it goes on where it stopped.

Ids are given by the target, so what refers to a run or logged model is translated. Each copy carries its source's id
in a tag, and another tag once it is whole: that is all that going on needs to know.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from deploy.local.mlflow_copy.server import ANY, MlflowServer, Refusal

SOURCE_ID = "lifecycle.copied.from"
WHOLE = "lifecycle.copied.whole"
PARENT = "mlflow.parentRunId"
AT_A_TIME = 4
"""Runs whose content is copied together."""
PAGE = 500
POINTS, PAIRS = 1000, 100
HISTORY = 25_000

Progress = Callable[[str, int, int], None]
"""Hears what is being copied, how much of it is done, and of how many."""
Row = dict[str, Any]


class Copying:
    """From `source` to `target`; `counts` says how much of what was copied, `left_out` what couldn't be, and why."""

    def __init__(
        self,
        source: MlflowServer,
        target: MlflowServer,
        progress: Progress,
        *,
        experiments: str = "*",
        models: str = "*",
    ) -> None:
        """`experiments` and `models` are patterns of the names to copy, as a shell has them."""
        self._chosen_experiments, self._chosen_models = experiments, models
        self._source = source
        self._target = target
        self._progress = progress
        self._experiments: dict[str, str] = {}
        self._runs: dict[str, Row] = {}
        self._models: dict[str, Row] = {}
        self.counts: Counter[str] = Counter()
        self.left_out: list[str] = []

    async def all(self) -> None:
        """Raises CopyFailed when a server is away, Refusal when one refuses what the other holds."""
        for server in (self._source, self._target):
            await server.check()
        wish = {"view_type": ANY, "max_results": PAGE}
        found = [entry async for entry in self._source.pages("POST", "experiments/search", "experiments", **wish)]
        found = [entry for entry in found if fnmatchcase(entry["name"], self._chosen_experiments)]
        found.sort(key=lambda entry: int(entry["experiment_id"]))
        for number, experiment in enumerate(found):
            self._progress("experiments", number, len(found))
            await self._experiment(experiment)
        self._progress("experiments", len(found), len(found))
        await self._registered_models()

    # ------------------------------------------------------------ experiments

    async def _experiment(self, experiment: Row) -> None:
        name, source_id = experiment["name"], experiment["experiment_id"]
        try:
            known = (await self._target.get("experiments/get-by-name", experiment_name=name))["experiment"]
            target_id, stage = known["experiment_id"], known["lifecycle_stage"]
        except Refusal as refusal:
            if refusal.code != "RESOURCE_DOES_NOT_EXIST":
                raise
            target_id = (await self._target.post("experiments/create", name=name))["experiment_id"]
            stage = "active"
            self.counts["experiments"] += 1
        self._experiments[source_id] = target_id
        if stage == "deleted":
            await self._target.post("experiments/restore", experiment_id=target_id)
        for tag in experiment.get("tags", []):
            await self._target.post("experiments/set-experiment-tag", experiment_id=target_id, **tag)
        await self._find_copies(target_id)
        if experiment["lifecycle_stage"] == "deleted":
            await self._source_experiment_runs(source_id, target_id)
            await self._target.post("experiments/delete", experiment_id=target_id)
        else:
            await self._source_experiment_runs(source_id, target_id)

    async def _find_copies(self, target_id: str) -> None:
        """What an earlier attempt has copied already."""
        wish = {"experiment_ids": [target_id], "filter": f"tags.`{SOURCE_ID}` LIKE '%'", "max_results": PAGE}
        async for run in self._target.pages("POST", "runs/search", "runs", run_view_type=ANY, **wish):
            self._runs[_tags(run["data"])[SOURCE_ID]] = run
        async for model in self._target.pages("POST", "logged-models/search", "models", experiment_ids=[target_id]):
            if source_id := _tags(model["info"]).get(SOURCE_ID):
                self._models[source_id] = model

    async def _source_experiment_runs(self, source_id: str, target_id: str) -> None:
        wish = {"experiment_ids": [source_id], "run_view_type": ANY, "max_results": PAGE}
        page: list[Row] = []
        models = [
            model
            async for model in self._source.pages("POST", "logged-models/search", "models", experiment_ids=[source_id])
        ]
        oldest_first = ["attributes.start_time ASC"]  # parents come before their children
        async for run in self._source.pages("POST", "runs/search", "runs", order_by=oldest_first, **wish):
            page.append(run)
            if len(page) == PAGE:
                await self._page(page, target_id)
                page = []
        await self._page(page, target_id)
        for model in models:
            await self._logged_model(model, target_id)
        await self._model_links(source_id, wish)

    # ------------------------------------------------------------ runs

    async def _page(self, runs: Sequence[Row], target_id: str) -> None:
        """First the runs themselves, so that each can refer to any; then what is in them."""
        for run in runs:
            if run["info"]["run_id"] not in self._runs:
                await self._start(run, target_id)
        gate = asyncio.Semaphore(AT_A_TIME)

        async def fill(run: Row) -> None:
            async with gate:
                await self._fill(run)

        async with asyncio.TaskGroup() as tasks:
            for run in runs:
                tasks.create_task(fill(run))

    async def _start(self, run: Row, target_id: str) -> None:
        info = run["info"]
        tags = {**_tags(run["data"]), SOURCE_ID: info["run_id"]}
        if tags.get(PARENT) in self._runs:
            tags[PARENT] = self._runs[tags[PARENT]]["info"]["run_id"]
        created = await self._target.post(
            "runs/create",
            experiment_id=target_id,
            user_id=info.get("user_id", ""),
            run_name=info.get("run_name", ""),
            start_time=info.get("start_time", 0),
            tags=_pairs(tags),
        )
        self._runs[info["run_id"]] = created["run"]

    async def _fill(self, run: Row) -> None:
        copy = self._runs[run["info"]["run_id"]]
        if WHOLE in _tags(copy["data"]):
            self.counts["runs that were there"] += 1
            return
        source_id, run_id = run["info"]["run_id"], copy["info"]["run_id"]
        if copy["info"]["lifecycle_stage"] == "deleted":
            await self._target.post("runs/restore", run_id=run_id)
        for params in _batches(run["data"].get("params", []), PAIRS):
            await self._target.post("runs/log-batch", run_id=run_id, params=params)
        for metric in run["data"].get("metrics", []):
            await self._history(source_id, run_id, metric["key"])
        inputs = run.get("inputs", {}).get("dataset_inputs", [])
        for datasets in _batches(inputs, PAIRS):
            await self._target.post("runs/log-inputs", run_id=run_id, datasets=datasets)
        await self._files(
            copy["info"]["artifact_uri"],
            ("artifacts/list", {"run_id": source_id}, "path"),
            lambda path: ("/get-artifact", {"run_id": source_id, "path": path}),
        )
        info = run["info"]
        ended = {"end_time": info["end_time"]} if info.get("end_time") else {}
        await self._target.post("runs/update", run_id=run_id, status=info["status"], **ended)
        await self._target.post("runs/set-tag", run_id=run_id, key=WHOLE, value="true")
        if info["lifecycle_stage"] == "deleted":
            await self._target.post("runs/delete", run_id=run_id)
        self.counts["runs"] += 1
        self._progress("runs", self.counts["runs"], 0)

    async def _history(self, source_id: str, run_id: str, key: str) -> None:
        wish = {"run_id": source_id, "metric_key": key, "max_results": HISTORY}
        points: list[Row] = []
        async for point in self._source.pages("GET", "metrics/get-history", "metrics", **wish):
            points.append({name: point[name] for name in ("key", "value", "timestamp", "step") if name in point})
            if len(points) == POINTS:
                await self._log(run_id, points)
                points = []
        await self._log(run_id, points)

    async def _log(self, run_id: str, points: Sequence[Row]) -> None:
        if points:
            await self._target.post("runs/log-batch", run_id=run_id, metrics=points)
            self.counts["metric points"] += len(points)

    async def _files(
        self,
        location: str,
        listing: tuple[str, Mapping[str, str], str],
        where: Callable[[str], tuple[str, Mapping[str, str]]],
    ) -> None:
        if not location.startswith("mlflow-artifacts:"):
            self.left_out.append(f"files of {location}: the target doesn't keep them itself")
            return
        try:
            async for path, _ in self._source.files(*listing):
                await self._target.put(location, path, self._source.content(*where(path)))
                self.counts["files"] += 1
        except Refusal as refusal:
            self.left_out.append(f"files of {location}: {refusal}")

    # ------------------------------------------------------------ logged models

    async def _logged_model(self, model: Row, target_id: str) -> None:
        info, source_id = model["info"], model["info"]["model_id"]
        copy = self._models.get(source_id)
        if copy is None:
            run = self._runs.get(info.get("source_run_id", ""))
            created = await self._target.post(
                "logged-models",
                experiment_id=target_id,
                name=info["name"],
                model_type=info.get("model_type", ""),
                source_run_id=run["info"]["run_id"] if run else "",
                params=model.get("data", {}).get("params", []),
                tags=_pairs({**_tags(info), SOURCE_ID: source_id}),
            )
            copy = self._models[source_id] = created["model"]
        model_id = copy["info"]["model_id"]
        if WHOLE in _tags(copy["info"]):
            return
        await self._files(
            copy["info"]["artifact_uri"],
            (f"logged-models/{source_id}/artifacts/directories", {}, "artifact_directory_path"),
            lambda path: (
                f"/ajax-api/2.0/mlflow/logged-models/{source_id}/artifacts/files",
                {"artifact_file_path": path},
            ),
        )
        for metric in model.get("data", {}).get("metrics", []):
            if metric.get("run_id") in self._runs:
                point = {key: metric[key] for key in _POINT if key in metric}
                run_id = self._runs[metric["run_id"]]["info"]["run_id"]
                await self._target.post("runs/log-metric", run_id=run_id, model_id=model_id, **point)
        if info.get("status") in _FINAL:
            await self._target.patch(f"logged-models/{model_id}", model_id=model_id, status=_FINAL[info["status"]])
        tags = [{"key": WHOLE, "value": "true"}]
        await self._target.patch(f"logged-models/{model_id}/tags", model_id=model_id, tags=tags)
        self.counts["logged models"] += 1

    async def _model_links(self, source_id: str, wish: Mapping[str, Any]) -> None:
        """What runs put out and took in, now that every logged model has its copy."""
        if not self._models:
            return
        async for run in self._source.pages("POST", "runs/search", "runs", **wish):
            copy = self._runs[run["info"]["run_id"]]
            if run["info"]["lifecycle_stage"] == "deleted":
                continue
            outputs = [
                {"model_id": self._models[entry["model_id"]]["info"]["model_id"], "step": entry.get("step", 0)}
                for entry in run.get("outputs", {}).get("model_outputs", [])
                if entry["model_id"] in self._models
            ]
            there = {entry["model_id"] for entry in copy.get("outputs", {}).get("model_outputs", [])}
            outputs = [entry for entry in outputs if entry["model_id"] not in there]
            inputs = [
                {"model_id": self._models[entry["model_id"]]["info"]["model_id"]}
                for entry in run.get("inputs", {}).get("model_inputs", [])
                if entry["model_id"] in self._models
            ]
            if outputs:
                await self._target.post("runs/outputs", run_id=copy["info"]["run_id"], models=outputs)
            if inputs:
                await self._target.post("runs/log-inputs", run_id=copy["info"]["run_id"], models=inputs)

    # ------------------------------------------------------------ registered models

    async def _registered_models(self) -> None:
        wish = {"max_results": PAGE}
        found = [
            entry async for entry in self._source.pages("GET", "registered-models/search", "registered_models", **wish)
        ]
        found = [entry for entry in found if fnmatchcase(entry["name"], self._chosen_models)]
        for number, model in enumerate(found):
            self._progress("registered models", number, len(found))
            await self._registered_model(model)
        self._progress("registered models", len(found), len(found))

    async def _registered_model(self, model: Row) -> None:
        name = model["name"]
        description = {"description": model["description"]} if model.get("description") else {}
        tags = [*model.get("tags", []), {"key": SOURCE_ID, "value": self._source.url}]
        try:
            await self._target.post("registered-models/create", name=name, tags=tags, **description)
            self.counts["registered models"] += 1
        except Refusal as refusal:
            if refusal.code != "RESOURCE_ALREADY_EXISTS":
                raise
            known = (await self._target.get("registered-models/get", name=name))["registered_model"]
            if _tags(known).get(SOURCE_ID) != self._source.url:
                self.left_out.append(f"registered model {name}: the target has one of that name already")
                return
        wish = {"filter": f"name = '{_escaped(name)}'", "max_results": PAGE}
        versions = [
            entry async for entry in self._source.pages("GET", "model-versions/search", "model_versions", **wish)
        ]
        copied = [entry async for entry in self._target.pages("GET", "model-versions/search", "model_versions", **wish)]
        done = max((int(version["version"]) for version in copied), default=0)
        for version in sorted(versions, key=lambda entry: int(entry["version"])):
            number = int(version["version"])
            while done < number:
                done = await self._version(version, number)
            if version.get("current_stage", "None") != "None":
                stage = {"stage": version["current_stage"], "archive_existing_versions": False}
                await self._target.post("model-versions/transition-stage", name=name, version=str(number), **stage)
        for alias in model.get("aliases", []):
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
            self.counts["versions"] += 1
        return given

    def _translated(self, source: str) -> str:
        """Where a version's files lie in the target."""
        if source.startswith("models:/m-"):
            copy = self._models.get(source.removeprefix("models:/"))
            return f"models:/{copy['info']['model_id']}" if copy else source
        for source_id, model in self._models.items():
            if source_id in source:
                return f"models:/{model['info']['model_id']}"
        for source_id, run in self._runs.items():
            if source_id in source:
                below = source.partition(source_id)[2].removeprefix("/artifacts")
                return f"{run['info']['artifact_uri']}{below}"
        return source


_POINT = ("key", "value", "timestamp", "step", "dataset_name", "dataset_digest")
_FINAL = {
    "LOGGED_MODEL_READY": "LOGGED_MODEL_READY",
    "LOGGED_MODEL_UPLOAD_FAILED": "LOGGED_MODEL_UPLOAD_FAILED",
    "READY": "LOGGED_MODEL_READY",
    2: "LOGGED_MODEL_READY",
    3: "LOGGED_MODEL_UPLOAD_FAILED",
}


def _tags(holder: Row) -> dict[str, str]:
    return {tag["key"]: tag.get("value", "") for tag in holder.get("tags", [])}


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def _batches(entries: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    for start in range(0, len(entries), size):
        yield entries[start : start + size]


def _escaped(name: str) -> str:
    return name.replace("'", "\\'")
