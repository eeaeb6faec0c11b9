"""Registers the best run's model, evaluates it on the sealed holdout, and lets it score the year.

A process of its own, like the training. It asks the registry what is already there and does only the rest. Making the
version champion is left to its deployment.
"""

import argparse
from pathlib import Path
from typing import Final

import mlflow
from mlflow import MlflowClient
from mlflow.data.pandas_dataset import PandasDataset
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode

from deploy.demo.flights import FEATURES, load_flights
from deploy.demo.plans import BASELINE, EXPERIMENT, MODEL, PLAN_TAG, PLANS, RETRAINED, SELECTION_METRIC, Plan
from deploy.demo.reports import ChampionReport, telling
from deploy.demo.scoring import load, score_year
from deploy.demo.standing import ALIAS
from deploy.demo.story.evaluating import Evaluated, baseline, evaluated, evaluation_path, keep, parts_of
from deploy.demo.story.tables import write_tables
from deploy.demo.training import Study, finished, script
from deploy.local.problems import Problem

HOLDOUT_METRIC: Final = "holdout_roc_auc"


class RunUnknown(Problem):
    """A version or a baseline doesn't say which run made it."""


def crown(cache: Path) -> ChampionReport:
    """The version that is to be champion, after doing whatever of registering and evaluating it is missing.

    A champion that somebody chose meanwhile stays champion.
    """
    mlflow.set_experiment(EXPERIMENT)
    client = MlflowClient()
    champion = _chosen(client)
    kept = champion is not None
    if champion is None:
        best = _best()
        champion = registered(client, best)
        plan = next(plan for plan in PLANS if plan.key == best.data.tags[PLAN_TAG])
        if finished(_evaluation_key(champion)) is None or not evaluation_path(cache, str(champion.version)).exists():
            _evaluate(champion, plan, cache)
    evaluation = finished(_evaluation_key(champion))
    run_id = run_of(champion)
    return ChampionReport(
        version=str(champion.version),
        run_id=run_id,
        run_name=client.get_run(run_id).info.run_name,
        holdout_roc_auc=evaluation.data.metrics[HOLDOUT_METRIC] if evaluation else None,
        scores=str(score_year(f"models:/{MODEL}/{champion.version}", run_id, cache)),
        kept=kept,
    )


def run_of(version: ModelVersion) -> str:
    """The run that made a version. Raises RunUnknown."""
    run_id: str | None = version.run_id
    if run_id is None:
        raise RunUnknown(
            f"Version {version.version} of {MODEL} was registered without a run.",
            f"Give the alias {ALIAS} to a version with one.",
        )
    return run_id


def _chosen(client: MlflowClient) -> ModelVersion | None:
    """A champion that isn't of the demonstration's own making."""
    champion = _aliased(client)
    if champion is None:
        return None
    ours = {plan.key for plan in (*PLANS, RETRAINED)}
    return None if client.get_run(run_of(champion)).data.tags.get(PLAN_TAG) in ours else champion


def _aliased(client: MlflowClient) -> ModelVersion | None:
    try:
        return client.get_model_version_by_alias(MODEL, ALIAS)
    except MlflowException as error:
        # MLflow's own server calls a missing alias an invalid parameter; a missing model doesn't exist.
        if error.error_code in (ErrorCode.Name(RESOURCE_DOES_NOT_EXIST), "INVALID_PARAMETER_VALUE"):
            return None
        raise


def _best() -> Run:
    """Of the runs whose model was kept."""
    runs = [run for run in (finished(plan.key) for plan in PLANS if plan.keeps_model) if run is not None]
    return max(runs, key=lambda run: run.data.metrics[SELECTION_METRIC])


def registered(client: MlflowClient, run: Run) -> ModelVersion:
    """The version made of a run's model, registered now if it wasn't."""
    found = [
        version for version in client.search_model_versions(f"name = '{MODEL}'") if version.run_id == run.info.run_id
    ]
    return found[0] if found else mlflow.register_model(f"runs:/{run.info.run_id}/model", MODEL)


def baseline_run() -> str:
    """The id of the naive baseline's run. Raises RunUnknown."""
    run = finished(BASELINE.key)
    if run is None:
        raise RunUnknown("The naive baseline has no finished run.", "Run the demonstration again.")
    run_id: str = run.info.run_id
    return run_id


def _evaluation_key(version: ModelVersion) -> str:
    return f"evaluation/{version.run_id}"


def _evaluate(version: ModelVersion, plan: Plan, cache: Path) -> None:
    flights = load_flights(cache)
    manifest = write_tables(cache, "q1")
    parts = parts_of(flights, manifest)
    model = load(f"models:/{MODEL}/{version.version}")
    keep(cache, "baseline-q1", baseline(parts["training"], parts["holdout"]).of(run=baseline_run()))
    found = evaluated(model, plan, parts).of(version=str(version.version))
    keep(cache, str(version.version), found)
    log_evaluation(version, Study(flights, manifest).dataset("holdout", FEATURES), found)


def log_evaluation(version: ModelVersion, holdout: PandasDataset, found: Evaluated) -> None:
    """Figures on the holdout, overall and by slice, in a run of their own that names dataset and model."""
    key = _evaluation_key(version)
    if finished(key) is not None:
        return
    figures = {f"holdout_{name}": value for name, value in found.metrics.items()}
    for entry in found.document["slices"]:
        figures[f"{HOLDOUT_METRIC}/{entry['feature']}/{entry['value']}"] = entry["metrics"][0]["value"]
    name, marks = f"evaluation of {MODEL} version {version.version}", {PLAN_TAG: key, **script()}
    with mlflow.start_run(run_name=name, tags=marks):
        mlflow.log_input(holdout, context="evaluation")
        mlflow.log_params({"model_name": MODEL, "model_version": version.version})
        mlflow.log_metrics(figures, dataset=holdout, model_id=version.model_id or None)


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    with telling() as tell:
        tell(crown(parser.parse_args().cache))


if __name__ == "__main__":
    _main()
