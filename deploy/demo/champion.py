"""Registers the best run's model, evaluates it on the sealed holdout, makes it champion, and lets it score the year.

A process of its own, like the training. It asks the registry what is already there and does only the rest.
"""

import argparse
from pathlib import Path
from typing import Final

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss, roc_auc_score

from deploy.demo.flights import FEATURES, LABEL, load_flights
from deploy.demo.messages import THRESHOLD
from deploy.demo.plans import EXPERIMENT, MODEL, PLAN_TAG, PLANS, SELECTION_METRIC
from deploy.demo.reports import ChampionReport, telling
from deploy.demo.scoring import load, score_year
from deploy.demo.standing import ALIAS
from deploy.demo.training import Study, finished
from deploy.local.problems import Problem

HOLDOUT_METRIC: Final = "holdout_roc_auc"
Numbers = np.ndarray[tuple[int], np.dtype[np.float64]]

_SLICES: Final = ("origin", "carrier")
_SLICE_ROWS: Final = 300  # below, an area under the curve says little


class RunUnknown(Problem):
    """The champion doesn't say which run made it."""


def crown(cache: Path) -> ChampionReport:
    """The champion, after doing whatever of registering, evaluating and naming it is missing, in this order.

    A champion that somebody chose meanwhile stays champion.
    """
    mlflow.set_experiment(EXPERIMENT)
    client = MlflowClient()
    champion = _aliased(client)
    kept = champion is not None
    if champion is None:
        champion = _registered(client, _best())
        if finished(_evaluation_key(champion)) is None:
            _evaluate(champion, cache)
        client.set_registered_model_alias(MODEL, ALIAS, champion.version)
    evaluation = finished(_evaluation_key(champion))
    run_id = champion.run_id
    if run_id is None:
        raise RunUnknown(
            f"The champion of {MODEL} was registered without a run.", f"Give the alias {ALIAS} to a version with one."
        )
    return ChampionReport(
        version=str(champion.version),
        run_id=run_id,
        run_name=client.get_run(run_id).info.run_name,
        holdout_roc_auc=evaluation.data.metrics[HOLDOUT_METRIC] if evaluation else None,
        scores=str(score_year(f"models:/{MODEL}@{ALIAS}", run_id, cache)),
        kept=kept,
    )


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


def _registered(client: MlflowClient, run: Run) -> ModelVersion:
    found = [
        version for version in client.search_model_versions(f"name = '{MODEL}'") if version.run_id == run.info.run_id
    ]
    return found[0] if found else mlflow.register_model(f"runs:/{run.info.run_id}/model", MODEL)


def _evaluation_key(version: ModelVersion) -> str:
    return f"evaluation/{version.run_id}"


def _evaluate(version: ModelVersion, cache: Path) -> None:
    """Figures on the holdout, overall and by slice, in a run of their own that names dataset and model."""
    holdout = Study(load_flights(cache)).dataset("holdout", FEATURES)
    late = holdout.df[LABEL].to_numpy()
    score = load(f"models:/{MODEL}/{version.version}").predict_proba(holdout.df[list(FEATURES)])[:, 1]
    name = f"evaluation of {MODEL} version {version.version}"
    with mlflow.start_run(run_name=name, tags={PLAN_TAG: _evaluation_key(version)}):
        mlflow.log_input(holdout, context="evaluation")
        mlflow.log_params({"model_name": MODEL, "model_version": version.version})
        figures = {
            HOLDOUT_METRIC: roc_auc_score(late, score),
            "holdout_accuracy": accuracy_score(late, score >= THRESHOLD),
            "holdout_log_loss": log_loss(late, score),
            "holdout_brier": brier_score_loss(late, score),
            **_by_slice(holdout.df, late, score),
        }
        mlflow.log_metrics(figures, dataset=holdout, model_id=version.model_id or None)


def _by_slice(frame: pd.DataFrame, late: Numbers, score: Numbers) -> dict[str, float]:
    figures = {}
    for column in _SLICES:
        for value in sorted(frame[column].unique()):
            rows = (frame[column] == value).to_numpy()
            if rows.sum() >= _SLICE_ROWS:
                figures[f"{HOLDOUT_METRIC}/{column}/{value}"] = float(roc_auc_score(late[rows], score[rows]))
    return figures


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    with telling() as tell:
        tell(crown(parser.parse_args().cache))


if __name__ == "__main__":
    _main()
