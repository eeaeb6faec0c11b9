"""Copies one MLflow server into another. It may be stopped at any time; done again, it goes on where it stopped.

Ids are given by the target, so what refers to a run or logged model is translated. Each copy carries its source's id
in a tag, and another tag once it is whole: that is all that going on needs to know.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from deploy.local.mlflow_copy.registered import RegisteredModels
from deploy.local.mlflow_copy.rows import PAGE, SOURCE_ID, Progress, Row, pairs, tags_of
from deploy.local.mlflow_copy.server import ANY, MlflowServer, Refusal

WHOLE = "lifecycle.copied.whole"
PARENT = "mlflow.parentRunId"
AT_A_TIME = 4
"""Runs whose content is copied together."""
POINTS, PAIRS = 1000, 100
HISTORY = 25_000


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
        self.source = source
        self.target = target
        self.progress = progress
        self.experiments: dict[str, str] = {}
        self.runs: dict[str, Row] = {}
        self.models: dict[str, Row] = {}
        self.counts: Counter[str] = Counter()
        self.left_out: list[str] = []
        self._found = self._filled = 0

    async def all(self) -> None:
        """Raises CopyFailed when a server is away, Refusal when one refuses what the other holds."""
        for server in (self.source, self.target):
            await server.check()
        wish = {"view_type": ANY, "max_results": PAGE}
        found = [entry async for entry in self.source.pages("POST", "experiments/search", "experiments", **wish)]
        found = [entry for entry in found if fnmatchcase(entry["name"], self._chosen_experiments)]
        found.sort(key=lambda entry: int(entry["experiment_id"]))
        for number, experiment in enumerate(found):
            self.progress("experiments", number, len(found))
            self.experiments[experiment["experiment_id"]] = await self._experiment(experiment)
        for experiment in found:  # what refers to others, once all are there
            await self._links(experiment["experiment_id"])
            if experiment["lifecycle_stage"] == "deleted":
                await self.target.post(
                    "experiments/delete", experiment_id=self.experiments[experiment["experiment_id"]]
                )
        self.progress("experiments", len(found), len(found))
        await RegisteredModels(self).copy(self._chosen_models)

    # ------------------------------------------------------------ experiments

    async def _experiment(self, experiment: Row) -> str:
        """Copies what is in it; the id that its copy has, which is active."""
        name, source_id = experiment["name"], experiment["experiment_id"]
        target_id: str
        try:
            known = (await self.target.get("experiments/get-by-name", experiment_name=name))["experiment"]
            target_id, stage = known["experiment_id"], known["lifecycle_stage"]
        except Refusal as refusal:
            if refusal.code != "RESOURCE_DOES_NOT_EXIST":
                raise
            target_id = (await self.target.post("experiments/create", name=name))["experiment_id"]
            stage = "active"
            self.counts["experiments"] += 1
        if stage == "deleted":
            await self.target.post("experiments/restore", experiment_id=target_id)
        for tag in experiment.get("tags", []):
            await self.target.post("experiments/set-experiment-tag", experiment_id=target_id, **tag)
        await self._find_copies(target_id)
        await self._source_experiment_runs(source_id, target_id)
        return target_id

    async def _find_copies(self, target_id: str) -> None:
        """What an earlier attempt has copied already."""
        wish = {"experiment_ids": [target_id], "filter": f"tags.`{SOURCE_ID}` LIKE '%'", "max_results": PAGE}
        async for run in self.target.pages("POST", "runs/search", "runs", run_view_type=ANY, **wish):
            self.runs[tags_of(run["data"])[SOURCE_ID]] = run
        async for model in self.target.pages("POST", "logged-models/search", "models", experiment_ids=[target_id]):
            if source_id := tags_of(model["info"]).get(SOURCE_ID):
                self.models[source_id] = model

    async def _source_experiment_runs(self, source_id: str, target_id: str) -> None:
        page: list[Row] = []
        models = [
            model
            async for model in self.source.pages("POST", "logged-models/search", "models", experiment_ids=[source_id])
        ]
        oldest_first = ["attributes.start_time ASC"]  # parents come before their children
        async for run in self.source.pages("POST", "runs/search", "runs", order_by=oldest_first, **_of(source_id)):
            page.append(run)
            if len(page) == PAGE:
                await self._page(page, target_id)
                page = []
        await self._page(page, target_id)
        for model in models:
            await self._logged_model(model, target_id)

    # ------------------------------------------------------------ runs

    async def _page(self, runs: Sequence[Row], target_id: str) -> None:
        """First the runs themselves, so that each can refer to any; then what is in them."""
        self._found += len(runs)
        for run in runs:
            if run["info"]["run_id"] not in self.runs:
                await self._start(run, target_id)
        gate = asyncio.Semaphore(AT_A_TIME)

        async def fill(run: Row) -> None:
            async with gate:
                await self._fill(run)
            self._filled += 1
            self.progress("runs", self._filled, self._found)

        async with asyncio.TaskGroup() as tasks:
            for run in runs:
                tasks.create_task(fill(run))

    async def _start(self, run: Row, target_id: str) -> None:
        info = run["info"]
        tags = {**tags_of(run["data"]), SOURCE_ID: info["run_id"]}
        if tags.get(PARENT) in self.runs:
            tags[PARENT] = self.runs[tags[PARENT]]["info"]["run_id"]
        created = await self.target.post(
            "runs/create",
            experiment_id=target_id,
            user_id=info.get("user_id", ""),
            run_name=info.get("run_name", ""),
            start_time=info.get("start_time", 0),
            tags=pairs(tags),
        )
        self.runs[info["run_id"]] = created["run"]

    async def _fill(self, run: Row) -> None:
        copy = self.runs[run["info"]["run_id"]]
        if WHOLE in tags_of(copy["data"]):
            self.counts["runs that were there"] += 1
            return
        source_id, run_id = run["info"]["run_id"], copy["info"]["run_id"]
        await self._restored(copy)
        for params in _batches(run["data"].get("params", []), PAIRS):
            await self.target.post("runs/log-batch", run_id=run_id, params=params)
        for metric in run["data"].get("metrics", []):
            await self._history(source_id, run_id, metric["key"])
        inputs = run.get("inputs", {}).get("dataset_inputs", [])
        for datasets in _batches(inputs, PAIRS):
            await self.target.post("runs/log-inputs", run_id=run_id, datasets=datasets)
        await self._files(
            copy["info"]["artifact_uri"],
            ("artifacts/list", {"run_id": source_id}, "path"),
            lambda path: ("/get-artifact", {"run_id": source_id, "path": path}),
        )
        info = run["info"]
        ended = {"end_time": info["end_time"]} if info.get("end_time") else {}
        await self.target.post("runs/update", run_id=run_id, status=info["status"], **ended)
        await self.target.post("runs/set-tag", run_id=run_id, key=WHOLE, value="true")
        self.counts["runs"] += 1

    async def _restored(self, copy: Row) -> None:
        """A run of the target that can be written to; `_links` deletes it again if its source is deleted."""
        if copy["info"]["lifecycle_stage"] == "deleted":
            await self.target.post("runs/restore", run_id=copy["info"]["run_id"])
            copy["info"]["lifecycle_stage"] = "active"

    async def _history(self, source_id: str, run_id: str, key: str) -> None:
        wish = {"run_id": source_id, "metric_key": key, "max_results": HISTORY}
        points: list[Row] = []
        async for point in self.source.pages("GET", "metrics/get-history", "metrics", **wish):
            points.append({name: point[name] for name in ("key", "value", "timestamp", "step") if name in point})
            if len(points) == POINTS:
                await self._log(run_id, points)
                points = []
        await self._log(run_id, points)

    async def _log(self, run_id: str, points: Sequence[Row]) -> None:
        if points:
            await self.target.post("runs/log-batch", run_id=run_id, metrics=points)
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
            async for path, _ in self.source.files(*listing):
                await self.target.put(location, path, self.source.content(*where(path)))
                self.counts["files"] += 1
        except Refusal as refusal:
            self.left_out.append(f"files of {location}: {refusal}")

    # ------------------------------------------------------------ logged models

    async def _logged_model(self, model: Row, target_id: str) -> None:
        info, source_id = model["info"], model["info"]["model_id"]
        copy = self.models.get(source_id)
        if copy is None:
            run = self.runs.get(info.get("source_run_id", ""))
            created = await self.target.post(
                "logged-models",
                experiment_id=target_id,
                name=info["name"],
                model_type=info.get("model_type", ""),
                source_run_id=run["info"]["run_id"] if run else "",
                params=model.get("data", {}).get("params", []),
                tags=pairs({**tags_of(info), SOURCE_ID: source_id}),
            )
            copy = self.models[source_id] = created["model"]
        model_id = copy["info"]["model_id"]
        if WHOLE in tags_of(copy["info"]):
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
            if metric.get("run_id") in self.runs:
                point = {key: metric[key] for key in _POINT if key in metric}
                run_id = self.runs[metric["run_id"]]["info"]["run_id"]
                await self._restored(self.runs[metric["run_id"]])
                await self.target.post("runs/log-metric", run_id=run_id, model_id=model_id, **point)
        if info.get("status") in _FINAL:
            await self.target.patch(f"logged-models/{model_id}", model_id=model_id, status=_FINAL[info["status"]])
        tags = [{"key": WHOLE, "value": "true"}]
        await self.target.patch(f"logged-models/{model_id}/tags", model_id=model_id, tags=tags)
        self.counts["logged models"] += 1

    async def _links(self, source_id: str) -> None:
        """What runs put out and took in, and what they are part of, now that every run and model has its copy. What
        was deleted is deleted then, too.
        """
        async for run in self.source.pages("POST", "runs/search", "runs", **_of(source_id)):
            copy = self.runs.get(run["info"]["run_id"])
            if copy is None:  # started meanwhile: for the next time
                continue
            run_id = copy["info"]["run_id"]
            known = copy
            if self.models:  # which models a run took in, MLflow's searches don't say
                run = (await self.source.get("runs/get", run_id=run["info"]["run_id"]))["run"]
                if run.get("inputs", {}).get("model_inputs"):
                    known = (await self.target.get("runs/get", run_id=run_id))["run"]
            parent = self.runs.get(tags_of(run["data"]).get(PARENT, ""), {"info": {"run_id": None}})["info"]["run_id"]
            outputs = [
                {"model_id": model_id, "step": entry.get("step", 0)}
                for entry, model_id in self._copied_models(run, known, "outputs", "model_outputs")
            ]
            inputs = [
                {"model_id": model_id} for _, model_id in self._copied_models(run, known, "inputs", "model_inputs")
            ]
            orphaned = parent is not None and tags_of(copy["data"]).get(PARENT) != parent
            if outputs or inputs or orphaned:
                await self._restored(copy)
            if outputs:
                await self.target.post("runs/outputs", run_id=run_id, models=outputs)
            if inputs:
                await self.target.post("runs/log-inputs", run_id=run_id, models=inputs)
            if orphaned:
                await self.target.post("runs/set-tag", run_id=run_id, key=PARENT, value=parent)
            if run["info"]["lifecycle_stage"] == "deleted" != copy["info"]["lifecycle_stage"]:
                await self.target.post("runs/delete", run_id=run_id)

    def _copied_models(self, run: Row, copy: Row, side: str, kind: str) -> Iterator[tuple[Row, str]]:
        """The logged models that a run names and its copy doesn't yet, each with its copy's id."""
        there = {entry["model_id"] for entry in copy.get(side, {}).get(kind, [])}
        for entry in run.get(side, {}).get(kind, []):
            model = self.models.get(entry["model_id"])
            if model is not None and model["info"]["model_id"] not in there:
                yield entry, model["info"]["model_id"]


_POINT = ("key", "value", "timestamp", "step", "dataset_name", "dataset_digest")
_FINAL = {
    "LOGGED_MODEL_READY": "LOGGED_MODEL_READY",
    "LOGGED_MODEL_UPLOAD_FAILED": "LOGGED_MODEL_UPLOAD_FAILED",
    "READY": "LOGGED_MODEL_READY",
    2: "LOGGED_MODEL_READY",
    3: "LOGGED_MODEL_UPLOAD_FAILED",
}


def _of(experiment_id: str) -> Row:
    """What to ask for all runs of an experiment."""
    return {"experiment_ids": [experiment_id], "run_view_type": ANY, "max_results": PAGE}


def _batches(entries: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    for start in range(0, len(entries), size):
        yield entries[start : start + size]
