"""ben's second version: trained on all seasons in answer to a request, registered, evaluated beside version 1 on new
sealed rows. A process of its own, through the unmodified mlflow client."""

import argparse
import time
from pathlib import Path

import mlflow
import mlflow.sklearn
from mlflow import MlflowClient

from deploy.demo.champion import HOLDOUT_METRIC, baseline_run, log_evaluation, registered
from deploy.demo.flights import FEATURES, load_flights
from deploy.demo.plans import EXPERIMENT, MODEL, RETRAINED, RETRAINING_TAG, SELECTION_METRIC
from deploy.demo.reports import ChampionReport, Report, RunReport, Tell, telling
from deploy.demo.scoring import load, score_year
from deploy.demo.story.evaluating import baseline, evaluated, evaluation_path, keep, kept, metrics_of, parts_of, scored
from deploy.demo.story.tables import write_tables
from deploy.demo.training import Study, finished


def retrain(cache: Path, retraining: str, former: str, tell: Tell) -> Report:
    """The new version, after whatever of it is missing. former: number of the version that it is to replace."""
    mlflow.set_experiment(EXPERIMENT)
    client = MlflowClient()
    flights, manifest = load_flights(cache), write_tables(cache, "year")
    study = Study(flights, manifest)
    run = finished(RETRAINED.key)
    seconds, known = 0.0, run is not None
    if run is None:
        mlflow.sklearn.autolog(log_datasets=False, silent=True)
        started = time.perf_counter()
        run_id, _ = study.fit(RETRAINED, {RETRAINING_TAG: retraining})
        seconds, run = time.perf_counter() - started, client.get_run(run_id)
        mlflow.sklearn.autolog(disable=True)  # what the evaluation fits is no run of anybody's
    tell(RunReport("ben", RETRAINED.name, run.info.run_id, run.data.metrics[SELECTION_METRIC], seconds, known))
    version = registered(client, run)
    number = str(version.version)
    if not evaluation_path(cache, number).exists():
        parts = parts_of(flights, manifest)
        keep(cache, "baseline-year", baseline(parts["training"], parts["holdout"]).of(run=baseline_run()))
        before = load(f"models:/{MODEL}/{former}").predict_proba(parts["holdout"].frame)[:, 1]
        keep(cache, f"{former}-year", scored(parts["holdout"], before).of(version=former))
        found = evaluated(load(f"models:/{MODEL}/{number}"), RETRAINED, parts).of(version=number)
        log_evaluation(version, study.dataset("holdout", FEATURES), found)
        keep(cache, number, found)
    figures = metrics_of(kept(cache, number))
    return ChampionReport(
        version=number,
        run_id=run.info.run_id,
        run_name=run.info.run_name,
        holdout_roc_auc=figures[HOLDOUT_METRIC.removeprefix("holdout_")],
        scores=str(score_year(f"models:/{MODEL}/{number}", run.info.run_id, cache)),
        kept=known,
    )


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--retraining", required=True)
    parser.add_argument("--former", required=True)
    arguments = parser.parse_args()
    with telling() as tell:
        tell(retrain(arguments.cache, arguments.retraining, arguments.former, tell))


if __name__ == "__main__":
    _main()
