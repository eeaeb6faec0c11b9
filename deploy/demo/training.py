"""One colleague's training runs, through the unmodified mlflow client with autologging. Runs as a process of its own:
the user's name comes from the environment (`LOGNAME`), as for anybody who uses mlflow."""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import mlflow
import mlflow.data.pandas_dataset
import mlflow.sklearn
import numpy as np
import pyarrow as pa
from mlflow.data.pandas_dataset import PandasDataset
from mlflow.entities import Run
from mlflow.utils.mlflow_tags import MLFLOW_SOURCE_NAME
from sklearn.metrics import roc_auc_score

from deploy.demo.estimators import estimator, feature_frame
from deploy.demo.flights import FEATURES, LABEL, SOURCE, load_flights
from deploy.demo.plans import EXPERIMENT, PLAN_TAG, PLANS, SELECTION_METRIC, Plan
from deploy.demo.reports import RunReport, telling
from deploy.demo.story.tables import Manifest, write_tables

DRAWN: Final = "-drawn"  # ends the name of what a run draws from a registered part
_SAMPLE_SEED = 7


def train(user: str, cache: Path) -> Iterator[RunReport]:
    """Does what `user` has planned and isn't in the registry yet, in order; yields one report a plan."""
    mlflow.set_experiment(EXPERIMENT)
    study: Study | None = None
    for plan in (plan for plan in PLANS if plan.user == user):
        found = finished(plan.key)
        if found:
            yield RunReport(user, plan.name, found.info.run_id, found.data.metrics[SELECTION_METRIC], 0.0, True)
            continue
        # the datasets are logged below, under their own names
        mlflow.sklearn.autolog(log_datasets=False, log_models=plan.keeps_model, silent=True)
        study = study or Study(load_flights(cache), write_tables(cache, "q1"))
        started = time.perf_counter()
        run_id, roc_auc = study.fit(plan)
        yield RunReport(user, plan.name, run_id, roc_auc, time.perf_counter() - started, False)


def finished(key: str) -> Run | None:
    """The finished run of a plan, or None."""
    runs = mlflow.search_runs(
        experiment_names=[EXPERIMENT],
        filter_string=f"tags.`{PLAN_TAG}` = '{key}' AND attributes.status = 'FINISHED'",
        max_results=1,
        output_format="list",
    )
    return runs[0] if runs else None


def script() -> dict[str, str]:
    """MLflow's tag for what made a run, as the repository names it: a colleague's clone lies elsewhere."""
    root, started = Path(__file__).parents[2], Path(sys.argv[0]).resolve()
    return {MLFLOW_SOURCE_NAME: str(started.relative_to(root))} if started.is_relative_to(root) else {}


class Study:
    """The flights as a colleague works with them; frames and digests are made once for all plans that share them."""

    def __init__(self, flights: pa.Table, manifest: Manifest) -> None:
        self._flights = flights
        self._manifest = manifest
        self._datasets: dict[tuple[str, int | None, tuple[str, ...]], PandasDataset] = {}

    def fit(self, plan: Plan, tags: Mapping[str, str] | None = None) -> tuple[str, float]:
        """Trains and logs one run; its id and its area under the ROC curve on validation."""
        training = self._dataset("training", plan.rows, plan.features)
        validation = self.dataset("validation", plan.features)
        marks = {PLAN_TAG: plan.key, **script(), **plan.tags, **(tags or {})}
        with mlflow.start_run(run_name=plan.name, description=plan.note, tags=marks) as run:
            mlflow.log_input(training, context="training")
            mlflow.log_input(validation, context="validation")
            model = estimator(plan).fit(training.df[list(plan.features)], training.df[LABEL])
            scores = model.predict_proba(validation.df[list(plan.features)])[:, 1]
            roc_auc = float(roc_auc_score(validation.df[LABEL], scores))
            mlflow.log_metric(SELECTION_METRIC, roc_auc, dataset=validation)
        return run.info.run_id, roc_auc

    def dataset(self, part: str, features: tuple[str, ...]) -> PandasDataset:
        """A part of the period as mlflow describes a dataset: name, source, digest of the content, schema.

        Whole parts have the digest under which they are registered; what is drawn from them gets mlflow's own.
        """
        return self._dataset(part, None, features)

    def _dataset(self, part: str, size: int | None, features: tuple[str, ...]) -> PandasDataset:
        key = part, size, features
        if key not in self._datasets:
            table = self._manifest.tables[part]
            whole = features == FEATURES and (size is None or size >= table.rows)
            rows = _sample(table.numbers(), size)
            frame = feature_frame(self._flights, rows, features)
            frame[LABEL] = self._flights[LABEL].take(rows).to_numpy()
            self._datasets[key] = mlflow.data.pandas_dataset.from_pandas(
                frame,
                source=SOURCE,
                name=table.dataset if whole else f"{table.dataset}{DRAWN}",
                targets=LABEL,
                digest=table.digest if whole else None,
            )
        return self._datasets[key]


def _sample(rows: pa.Array, size: int | None) -> pa.Array:
    if size is None or size >= len(rows):
        return rows
    chosen = np.random.default_rng(_SAMPLE_SEED).choice(len(rows), size, replace=False)
    return rows.take(pa.array(np.sort(chosen)))


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--user", required=True)
    parser.add_argument("--cache", type=Path, required=True)
    arguments = parser.parse_args()
    with telling() as tell:
        for report in train(arguments.user, arguments.cache):
            tell(report)


if __name__ == "__main__":
    _main()
