# ruff: noqa: E501  # tables: a request a line reads better than one broken up
"""Random walks through MLflow's API: sequences of requests over few names, ids and keys, the same for the same seed.

What is created is saved by its position (`$e0` the first experiment, `$r1` the second run), so that a walk's steps can
be dropped one by one until only those are left that two servers disagree about.
"""

import random
from collections.abc import Callable
from typing import Any

from tests.contract.mlflow.asking import Case, Step, put
from tests.contract.mlflow.cases.artifacts import ROOT
from tests.contract.mlflow.wandering import KEYS, NUMBER_OPERATORS, SIZES, TEXTS, Wandering

NUMBERS = (0, 1, -1, 0.5, 2.5, 1e300, "NaN", "Infinity", "-Infinity", "0.5")
STAGES = ("Staging", "Production", "Archived", "None", "staging", "nonsense")
STATUSES = ("RUNNING", "FINISHED", "FAILED", "KILLED", "SCHEDULED", "NONSENSE", 3)


class Walk(Wandering):
    """What can be asked on the way."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._outputs: list[tuple[str, str]] = []
        self._measurable: list[str] = []
        """Logged models that are there for certain."""

    # ------------------------------------------------------------ experiments

    def create_experiment(self) -> None:
        body = {"name": f"$u-{self.some('x', 'y', 'z')}", "tags": self.pairs()}
        if self.chance(0.1):
            body["artifact_location"] = self.some("mlflow-artifacts:/$u", "", "s3://b/x#y")
        self.ask("POST", "experiments/create", body, {self.new("e"): "experiment_id"}, ("artifact_location",))

    def of_experiment(self) -> None:
        exp = {"experiment_id": self.known("e")}
        path, more = self.some(
            ("get", {}), ("delete", {}), ("restore", {}), ("restore", {}),
            ("update", {"new_name": f"$u-new{len(self.steps)}"}),
            ("set-experiment-tag", self.pair()), ("delete-experiment-tag", {"key": self.some(*KEYS)}),
                    )  # fmt: skip
        if self.chance(0.1):
            wish = {"experiment_ids": [self.known("e"), self.known("e")]}
            self.ask("POST", "/ajax-api/2.0/mlflow/experiments/search-datasets", wish)
        self.ask("GET" if path == "get" else "POST", f"experiments/{path}", {**exp, **more})

    def find_experiments(self) -> None:
        if self.chance(0.3):
            name = f"$u-{self.some('x', 'y', 'z', 'w')}"
            self.ask("GET", "experiments/get-by-name", {"experiment_name": name})
        more = self.some("", "", " AND name ILIKE '%X'", f" AND {self.texts('tags')}", " AND name != '$u-x'")
        self.pages("experiments/search", {
            "filter": f"name LIKE '$u%'{more}", "order_by": [self.some("name", "name DESC", "experiment_id")],
            "view_type": self.some("ACTIVE_ONLY", "DELETED_ONLY", "ALL", "ALL", None),
        })  # fmt: skip

    # ------------------------------------------------------------ runs

    def create_run(self) -> None:
        run = self.new("r")
        tags = self.pairs()
        if self.chance(0.1):
            tags.append({"key": "mlflow.runName", "value": self.some("n", "m")})
        if self.chance(0.1):
            tags.append({"key": "mlflow.parentRunId", "value": self.known("r")})
        body = {
            "experiment_id": self.known("e"), "user_id": self.some("anna", "bert"), "start_time": self.time(),
            "run_name": self.some("n", "m", "größe", "", None), "tags": tags,
        }  # fmt: skip
        saved = {run: "run.info.run_id", f"{run}name": "run.info.run_name"}
        self.ask("POST", "runs/create", body, saved, ("start_time", "user_id", "experiment_id"))

    def point(self) -> dict[str, Any]:
        point = {"key": self.some(*KEYS), "value": self.some(*NUMBERS), "timestamp": self.some(1, 2, 3)}
        if self.chance(0.8):
            point["step"] = self.some(0, 1, 2, -1)
        if self._measurable and self.chance(0.15):  # at a time of its own: once more, and the peer refuses it
            point |= {"model_id": self.some(*self._measurable), "value": self.some(0, 1, 0.5), "timestamp": self.time()}
            point |= self.some({}, {"dataset_name": "d", "dataset_digest": self.some("1", "2")})
        return point

    def log(self) -> None:
        run = {"run_id": self.known("r")}
        tag = self.some(self.pair(), self.pair(), {"key": "mlflow.runName", "value": self.some("n", "")},
                        {"key": "mlflow.user", "value": "eve"})  # fmt: skip
        batch = {"metrics": self.few(self.point, 4), "params": self.few(self.pair), "tags": self.few(self.pair)}
        path, more = self.some(
            ("log-metric", self.point()), ("log-metric", self.point()), ("log-parameter", self.pair()),
            ("set-tag", tag), ("delete-tag", {"key": self.some(*KEYS, "mlflow.runName")}),
            ("log-batch", batch), ("log-batch", batch), ("log-batch", batch),
        )  # fmt: skip
        self.ask("POST", f"runs/{path}", {**run, **more}, fixed=("model_id",))

    def of_run(self) -> None:
        run = {"run_id": self.known("r")}
        update = {"status": self.some(*STATUSES, None), "end_time": self.some(5, 6, None),
                  "run_name": self.some("n", "k", "", None, None)}  # fmt: skip
        path, more = self.some(("delete", {}), ("restore", {}), ("restore", {}), ("update", update), ("update", update))
        self.ask("POST", f"runs/{path}", {**run, **more}, fixed=("status",))

    def connect(self) -> None:
        def dataset() -> dict[str, Any]:
            named = {"name": self.some("d", "f"), "digest": self.some("1", "2"), "source_type": "s", "source": "{}"}
            more = self.some({}, {}, {"schema": "s"}, {"profile": "p"}, {"source": "other"})
            tags = [
                {"key": key, "value": self.some("train", "x")}
                for key in ("mlflow.data.context", "k")
                if self.chance(0.5)
            ]
            return {"dataset": named | more, "tags": tags}

        run = {"run_id": self.known("r")}
        if self.chance(0.5):
            self.ask("POST", "runs/log-inputs", {**run, "datasets": self.few(dataset, 1)})
        again = [model for known, model in self._outputs if known == run["run_id"]]  # there the peer's database speaks
        if new := [model for model in self._measurable if model not in again]:
            model = self.some(*new)
            self._outputs.append((run["run_id"], model))
            self.ask(
                "POST",
                "runs/outputs",
                {**run, "models": [{"model_id": model, "step": self.some(0, 1, 5)}]},
                fixed=("models",),
            )

    def read_run(self) -> None:
        run, key = self.known("r"), self.some(*KEYS)
        steps = self.some({}, {}, {"start_step": 0, "end_step": 1}, {"start_step": -1, "end_step": 5})
        size = self.some(*SIZES)
        method, path, body = self.some(
            ("GET", "runs/get", {"run_id": run}), ("GET", "runs/get", {"run_id": run}),
            ("GET", "metrics/get-history", {"run_id": run, "metric_key": key, "max_results": size}),
            ("GET", "/ajax-api/2.0/mlflow/metrics/get-history-bulk",
             {"run_id": run, "metric_key": key, "max_results": self.some(1, 2, 3)}),
            ("GET", "metrics/get-history-bulk-interval",
             {"run_ids": [run, self.known("r")], "metric_key": key, "max_results": size, **steps}),
        )  # fmt: skip
        self.ask(method, path, body, fixed=("max_results",))

    def find_runs(self) -> None:
        def clause() -> str:
            return str(self.some(
                self.texts("params"), self.texts("tags"), self.texts("params"), self.numbers("metrics"), self.numbers("metrics"),
                f"status {self.some('=', '!=')} '{self.some(*STATUSES)}'", f"run_name {self.some('=', '!=', 'LIKE')} 'n'",
                f"start_time {self.some(*NUMBER_OPERATORS)} 20", f"end_time {self.some(*NUMBER_OPERATORS)} 5",
                f"datasets.{self.some('name', 'digest', 'context')} {self.some('=', '!=', 'LIKE')} '{self.some('d', '1', 'train')}'",
                f"run_id {self.some('IN', 'NOT IN')} ('{self.known('r')}', '{self.known('r')}')", "tags.`mlflow.parentRunId` = '$r0'",
            ))  # fmt: skip

        def order() -> str:
            field = self.some("metrics.a", "metrics.`a/b`", "metrics.b", "params.a", "tags.b", "status", "end_time")
            return f"{field}{self.some('', ' DESC', ' ASC')}"

        self.pages("runs/search", {
            "experiment_ids": [exp for exp in self.all_of("e") if self.chance(0.8)],
            "filter": " AND ".join(self.few(clause, 2)), "order_by": self.few(order, 2),
            "run_view_type": self.some("ACTIVE_ONLY", "DELETED_ONLY", "ALL", None, None),
        }, ("experiment_ids", "max_results"))  # fmt: skip

    # ------------------------------------------------------------ logged models

    def create_logged_model(self) -> None:
        run = self.known("r") if self.chance(0.7) else None
        body = {
            "experiment_id": self.known("e"), "name": self.some("net", "tree", "größe", "a.b"),
            "model_type": self.some("x", None), "source_run_id": run,
            "params": self.pairs(), "tags": self.pairs(),
        }  # fmt: skip
        model = self.new("m")
        saved = {
            model: "model.info.model_id",
            f"{model}name": "model.info.name",
            f"{model}uri": "model.info.artifact_uri",
        }
        self.ask("POST", "logged-models", body, saved, ("name",))
        wished = {name: value for name, value in body.items() if value is not None}
        gone = any(step.path == "experiments/delete" for step in self.steps)
        if not gone and (body["experiment_id"], self.steps[-1].body) == ("$e0", wished) and body["name"] != "a.b":
            self._measurable.append(f"${model}")

    def of_logged_model(self) -> None:
        model = self.known("m")
        path, given = f"logged-models/{model}", {"model_id": model}
        key = self.some("a", "b", "größe")
        method, path, body = self.some(
            ("GET", path, {}), ("GET", path, {}), ("GET", path, {"allow_deleted": True}), ("DELETE", path, {}),
            ("PATCH", path, {**given, "status": self.some("LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED", 1, 2)}),
            ("PATCH", f"{path}/tags", {**given, "tags": self.few(self.pair)}),
            ("DELETE", f"{path}/tags/{key}", {}),
            ("POST", f"{path}/params", {**given, "params": [{"key": f"p{len(self.steps)}", "value": self.some(*TEXTS)}]}),
            ("GET", f"{path}/artifacts/directories", {"artifact_directory_path": self.some("", "d", None)}),
        )  # fmt: skip
        self.ask(method, path, body, fixed=("model_id", "status"))

    def find_logged_models(self) -> None:
        clause = self.some(self.texts("params"), self.texts("tags"), self.numbers("metrics"), "name = 'net'",
                           "model_type = 'x'", f"source_run_id = '{self.known('r')}'", "", "")  # fmt: skip
        order = {"field_name": self.some("metrics.a", "params.a", "creation_timestamp"),
                 "ascending": self.some(True, False)}  # fmt: skip
        self.pages("logged-models/search", {
            "experiment_ids": self.all_of("e"), "filter": clause,
            "order_by": [order] if self.chance(0.5) else None,
            "datasets": self.some(None, None, [{"dataset_name": "d", "dataset_digest": "1"}]),
        }, ("experiment_ids", "max_results"))  # fmt: skip

    # ------------------------------------------------------------ registered models

    def of_model(self) -> None:
        name = {"name": self.model()}
        alias = {"alias": self.some("champion", "b", "größe", "latest", "v1") if self.chance(0.3) else "champion"}
        method, path, more = self.some(
            ("POST", "create", {"description": self.some("d", "", None), "tags": self.few(self.pair, 2)}),
            ("POST", "create", {"tags": self.few(self.pair, 2)}),
            ("GET", "get", {}), ("GET", "get", {}), ("PATCH", "update", {"description": self.some(*TEXTS)}),
            ("POST", "rename", {"new_name": self.model()}), ("DELETE", "delete", {}) if self.chance(0.4) else ("GET", "get", {}),
            ("POST", "set-tag", self.pair()), ("DELETE", "delete-tag", {"key": self.some(*KEYS)}),
            ("POST", "get-latest-versions", {"stages": self.few(lambda: self.some(*STAGES), 2)}),
            ("POST", "alias", {**alias, "version": self.version()}), ("POST", "alias", {**alias, "version": self.version()}),
            ("GET", "alias", alias), ("GET", "alias", alias), ("DELETE", "alias", alias),
        )  # fmt: skip
        self.ask(method, f"registered-models/{path}", {**name, **more})

    def create_version(self) -> None:
        run, model = self.known("r"), self.known("m")
        more = self.some(
            {"source": "s3://b/x"}, {"source": "s3://b/x", "run_id": run}, {"source": f"runs:/{run}/m", "run_id": run},
            {"source": f"runs:/{run}/m"}, {"source": f"models:/{model}", "model_id": model}, {"source": f"models:/{model}"},
            {"source": f"models:/{model}", "run_id": run}, {"source": f"{model}uri", "model_id": model},
            {"source": f"models:/{self.model()}/{self.version()}"}, {"source": f"models:/{self.model()}@champion"},
            {"source": "s3://b/y", "run_link": "http://x", "description": self.some("d", "")},
        )  # fmt: skip
        body = {"name": self.model(), "tags": self.few(self.pair, 2), **more}
        self.ask("POST", "model-versions/create", body, fixed=("name", "tags"))

    def of_version(self) -> None:
        named = {"name": self.model(), "version": self.version()}
        stage = {"stage": self.some(*STAGES), "archive_existing_versions": self.some(True, False)}
        method, path, more = self.some(
            ("GET", "get", {}), ("GET", "get", {}), ("GET", "get-download-uri", {}), ("DELETE", "delete", {}),
            ("PATCH", "update", {"description": self.some("d", "", None)}), ("POST", "transition-stage", stage),
            ("POST", "transition-stage", stage), ("POST", "set-tag", self.pair()), ("DELETE", "delete-tag", {"key": self.some(*KEYS)}),
        )  # fmt: skip
        self.ask(method, f"model-versions/{path}", {**named, **more})

    def find_models(self) -> None:
        if self.chance(0.5):
            more = self.some("", "", f" AND {self.tag()}", " AND name ILIKE '%b'", " AND name != '$u-a'")
            order = [self.some("name", "name DESC")] if self.chance(0.7) else []
            self.pages("registered-models/search", {"filter": f"name LIKE '$u%'{more}", "order_by": order})
        more = self.some("", "", f" AND {self.tag()}", " AND source_path LIKE 's3%'", f" AND run_id = '{self.known('r')}'",
                         " AND version_number > 1", " AND name = '$u-a'")  # fmt: skip
        order = self.some(["name", "version_number DESC"], ["version_number", "name"])
        self.pages("model-versions/search", {"filter": f"name LIKE '$u%'{more}", "order_by": order})

    # ------------------------------------------------------------ artifacts

    def files(self) -> None:
        run, exp = self.known("r"), self.known("e")
        root = self.some(f"{ROOT}/{exp}/{run}/artifacts", f"{ROOT}/{exp}/models/{self.known('m')}/artifacts")
        name = self.some("$u.txt", "d/$u.txt", "d/e/$u.txt", "größe-$u.txt")
        if self.chance(0.5):
            self.steps.append(put(f"{root}/{name}", self.some(b"", b"1", b"22")))
        if self.chance(0.3):
            self.steps.append(Step(self.some("DELETE", "GET"), f"{root}/{name}", {}))
        listed = {"run_id": run, "path": self.some(None, None, "d", "d/e", "$u.txt", "..", "")}
        self.ask("GET", "artifacts/list", listed, fixed=("path",))


def walk(seed: int) -> Case:
    """The walk of a seed."""
    going = Walk(seed)
    going.create_experiment()
    doing: dict[Callable[[], None], int] = {
        going.create_experiment: 1, going.of_experiment: 4, going.find_experiments: 3, going.create_run: 5, going.log: 10,
        going.of_run: 4, going.connect: 4, going.read_run: 8, going.find_runs: 6, going.create_logged_model: 3,
        going.of_logged_model: 7, going.find_logged_models: 3, going.of_model: 12, going.create_version: 6,
        going.of_version: 8, going.find_models: 4, going.files: 5,
    }  # fmt: skip
    chooser = random.Random(-seed - 1)
    nouns = chooser.choice(("runs", "models", "all"))
    of_models = {going.of_model, going.create_version, going.of_version, going.find_models}
    weights = [
        weight if nouns == "all" or (does in of_models) == (nouns == "models") else weight * 0.15
        for does, weight in doing.items()
    ]
    length = chooser.randint(20, 60)
    while len(going.steps) < length:
        chooser.choices(list(doing), weights)[0]()
    return Case(f"walk {seed}", tuple(going.steps))
