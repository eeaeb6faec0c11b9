"""Lets the champion score every flight of the year, through the model as it comes back from the registry."""

from pathlib import Path

import mlflow
import pyarrow as pa
from sklearn.pipeline import Pipeline

from deploy.demo.estimators import feature_frame
from deploy.demo.flights import FEATURES, load_flights, write_table
from deploy.demo.messages import PREDICTION, SCORE, THRESHOLD, scores_path


def load(model_uri: str) -> Pipeline:
    """The scikit-learn model behind a `models:/` address, downloaded from the registry."""
    return mlflow.sklearn.load_model(model_uri)


def score_year(model_uri: str, run_id: str, cache: Path) -> Path:
    """An Arrow file with `score` (float64, probability of being late) and `prediction` (int8, 0 or 1), row by row as
    `load_flights` returns them; made once for a run's model."""
    path = scores_path(cache, run_id)
    if not path.exists():
        score = load(model_uri).predict_proba(feature_frame(load_flights(cache), None, FEATURES))[:, 1]
        write_table(pa.table({SCORE: score, PREDICTION: pa.array(score >= THRESHOLD).cast(pa.int8())}), path)
    return path
