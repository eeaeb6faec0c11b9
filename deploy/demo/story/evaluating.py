"""How good a model is on given rows: figures, slices, curves, importances, examples, as the registry takes them."""

import hashlib
import math
import pickle
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.inspection import permutation_importance
from sklearn.metrics import accuracy_score, brier_score_loss, confusion_matrix, log_loss, roc_auc_score, roc_curve
from sklearn.pipeline import Pipeline

from deploy.demo.estimators import estimator, feature_frame
from deploy.demo.flights import FEATURES, ID, LABEL, NUMERIC
from deploy.demo.messages import THRESHOLD
from deploy.demo.plans import MODEL, Plan
from deploy.demo.story.tables import Manifest, Table

SLICES: Final = ("origin", "carrier")
SLICE_ROWS: Final = 300  # below, an area under the curve says little
_POINTS: Final = 60
_IMPORTANCE_ROWS: Final = 1_500
_REPEATS: Final = 2
_REFITS: Final = 3
_REFIT_ROWS: Final = 8_000
_EXPLAINED: Final = 6  # features an example shows
_TIMED: Final = 15
_SMALLEST: Final = 1e-6
_DIGITS: Final = 5

Numbers = np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(frozen=True)
class Rows:
    """Labelled flights: features as models take them, ids, and whether each was late (0 or 1)."""

    table: Table
    frame: pd.DataFrame
    ids: list[str]
    late: Numbers


@dataclass(frozen=True)
class Evaluated:
    """What one evaluation found; `document` has the fields of the gateway's RecordEvaluationInput."""

    metrics: dict[str, float]
    document: dict[str, Any] = field(default_factory=dict)

    def of(self, *, version: str | None = None, run: str | None = None) -> "Evaluated":
        """The same, saying of which version of the model, or of which run."""
        whose = {"runId": run} if version is None else {"model": MODEL, "version": version}
        return replace(self, document=self.document | whose)


def rows_of(flights: pa.Table, table: Table) -> Rows:
    """The rows of a table of the manifest, all features."""
    numbers = table.numbers()
    late = flights[LABEL].take(numbers).to_numpy().astype(np.float64)
    return Rows(table, feature_frame(flights, numbers, FEATURES), flights[ID].take(numbers).to_pylist(), late)


def figures(late: Numbers, score: Numbers) -> dict[str, float]:
    """The figures of scores against what happened."""
    return {
        "roc_auc": float(roc_auc_score(late, score)),
        "accuracy": float(accuracy_score(late, score >= THRESHOLD)),
        "log_loss": float(log_loss(late, score)),
        "brier": float(brier_score_loss(late, score)),
    }


def by_slice(rows: Rows, score: Numbers) -> list[dict[str, Any]]:
    """Figures of each airport and carrier with enough rows of both outcomes."""
    found = []
    for column in SLICES:
        for value in sorted(rows.frame[column].unique()):
            chosen = (rows.frame[column] == value).to_numpy()
            late = rows.late[chosen]
            if chosen.sum() >= SLICE_ROWS and 0 < late.sum() < len(late):
                metrics = {"roc_auc": float(roc_auc_score(late, score[chosen]))}
                found.append({"feature": column, "value": value, "rows": int(chosen.sum()), "metrics": pairs(metrics)})
    return found


def scored(rows: Rows, score: Numbers, *, sealed: bool = True) -> Evaluated:
    """Figures, slices, confusion, ROC curve and each row's loss, which makes two models comparable row by row."""
    metrics = figures(rows.late, score)
    likely = np.clip(score, _SMALLEST, 1 - _SMALLEST)
    loss = -(rows.late * np.log(likely) + (1 - rows.late) * np.log(1 - likely))
    false, true, _ = roc_curve(rows.late, score)
    at = np.unique(np.linspace(0, len(false) - 1, _POINTS).astype(int))
    counts = confusion_matrix(rows.late, score >= THRESHOLD, labels=[0, 1])
    table = rows.table
    document = {
        "split": {
            "name": "holdout",
            "dataset": table.dataset,
            "digest": table.digest,
            "sealed": sealed,
            "rows": table.rows,
        },
        "metrics": pairs(metrics),
        "slices": by_slice(rows, score),
        "confusion": {"labels": ["on time", "late"], "counts": counts.tolist()},
        "curves": [
            {
                "name": "roc",
                "x": false[at].tolist(),
                "y": true[at].tolist(),
                "xTitle": "false alarms",
                "yTitle": "late flights found",
            }
        ],
        "rowScores": [
            {
                "measure": "log_loss",
                "scores": np.round(loss, _DIGITS).tolist(),
                "rowsDigest": hashlib.sha256("\n".join(rows.ids).encode()).hexdigest(),
                "higherIsBetter": False,
            }
        ],
    }
    return Evaluated(metrics, document)


def baseline(training: Rows, holdout: Rows) -> Evaluated:
    """The naive baseline on the same rows: the share of late flights for everyone."""
    return scored(holdout, np.full(len(holdout.late), training.late.mean()))


def evaluated(model: Pipeline, plan: Plan, parts: Mapping[str, Rows]) -> Evaluated:
    """Everything about a candidate: figures, costs, explanation, and how stable its recipe is."""
    holdout = parts["holdout"]
    score = model.predict_proba(holdout.frame)[:, 1]
    found = scored(holdout, score)
    costs = {"latency_ms": latency_ms(model, holdout.frame), "size_mb": len(pickle.dumps(model)) / 1e6}
    metrics = found.metrics | costs
    empty = pd.DataFrame({name: [math.nan if name in NUMERIC else None] for name in FEATURES})
    fail_safe = math.isfinite(float(model.predict_proba(empty.astype(holdout.frame.dtypes))[0, 1]))
    extra = {
        "metrics": pairs(metrics),
        "seeds": stability(plan, parts["training"], parts["validation"]),
        "explanation": {
            "method": "permutation",
            "importances": importances(model, holdout),
            "examples": examples(model, holdout, score),
        },
        "note": f"On the sealed holdout, by “{plan.name}”. A row with every feature missing "
        f"{'gets a finite score' if fail_safe else 'gets no finite score'}.",
    }
    return replace(found, metrics=metrics, document=found.document | extra)


def latency_ms(model: Pipeline, frame: pd.DataFrame) -> float:
    """Median time to score one flight, in milliseconds, on this machine as busy as it is."""
    times = []
    for row in range(_TIMED):
        started = time.perf_counter()
        model.predict_proba(frame.iloc[[row]])
        times.append(time.perf_counter() - started)
    return float(np.median(times) * 1000)


def importances(model: Pipeline, rows: Rows) -> list[dict[str, Any]]:
    """How much ROC-AUC falls when a feature is shuffled, on a sample of the rows."""
    chosen = np.random.default_rng(7).choice(len(rows.late), min(_IMPORTANCE_ROWS, len(rows.late)), replace=False)
    found = permutation_importance(
        model, rows.frame.iloc[chosen], rows.late[chosen], scoring="roc_auc", n_repeats=_REPEATS, random_state=7
    )
    columns = list(rows.frame.columns)
    return [
        {"feature": name, "value": float(mean), "deviation": float(deviation)}
        for name, mean, deviation in zip(columns, found.importances_mean, found.importances_std, strict=True)
    ]


def examples(model: Pipeline, rows: Rows, score: Numbers) -> list[dict[str, Any]]:
    """Three flights: the surest late one, the worst miss and the worst false alarm. A contribution is by how much the
    score falls when the feature takes its usual value."""
    late = rows.late == 1
    chosen = {
        "The surest, and it was late.": int(np.argmax(np.where(late, score, -1))),
        "The worst miss.": int(np.argmin(np.where(late, score, 2))),
        "The worst false alarm.": int(np.argmax(np.where(late, -1, score))),
    }
    usual = {name: rows.frame[name].median() if name in NUMERIC else rows.frame[name].mode()[0] for name in FEATURES}
    found: list[dict[str, Any]] = []
    for note, row in chosen.items():
        one = rows.frame.iloc[[row]]
        changed = pd.concat([one] * len(usual), ignore_index=True)
        for place, (name, value) in enumerate(usual.items()):
            changed.loc[place, name] = value
        without = model.predict_proba(changed.astype(rows.frame.dtypes))[:, 1]
        amounts = sorted(zip(usual, score[row] - without, strict=True), key=lambda entry: -abs(entry[1]))
        found.append(
            {
                "row": rows.ids[row],
                "prediction": f"{score[row]:.3f}",
                "label": "late" if late[row] else "on time",
                "base": float(score.mean()),
                "contributions": [
                    {"feature": name, "value": str(one[name].iloc[0]), "amount": float(amount)}
                    for name, amount in amounts[:_EXPLAINED]
                ],
                "note": note,
            }
        )
    return found


def stability(plan: Plan, training: Rows, validation: Rows) -> list[dict[str, Any]]:
    """The same recipe on other samples of the training rows, by its figures on validation."""
    found = []
    for seed in range(_REFITS):
        chosen = np.random.default_rng(seed).choice(len(training.late), _REFIT_ROWS, replace=False)
        model = estimator(plan).fit(training.frame.iloc[chosen], training.late[chosen])
        metrics = figures(validation.late, model.predict_proba(validation.frame)[:, 1])
        found.append(
            {
                "seed": f"sample {seed + 1} of {_REFIT_ROWS:,} rows",
                "metrics": pairs({name: metrics[name] for name in ("roc_auc", "log_loss")}),
            }
        )
    return found


def parts_of(flights: pa.Table, manifest: Manifest) -> dict[str, Rows]:
    """The three parts of a period."""
    return {part: rows_of(flights, manifest.tables[part]) for part in ("training", "validation", "holdout")}


def pairs(values: Mapping[str, float]) -> list[dict[str, Any]]:
    """Named figures as the gateway takes them."""
    return [{"key": name, "value": value} for name, value in values.items()]


# ---------------------------------------------------------------- kept for whoever records them


def evaluation_path(cache: Path, name: str) -> Path:
    """Where the document of an evaluation waits until it is recorded."""
    return cache / f"evaluation-{name}.json"


def keep(cache: Path, name: str, found: Evaluated) -> None:
    """Writes an evaluation's document."""
    evaluation_path(cache, name).write_bytes(msgspec.json.encode(found.document))


def kept(cache: Path, name: str) -> dict[str, Any]:
    """Reads it. Raises FileNotFoundError."""
    document: dict[str, Any] = msgspec.json.decode(evaluation_path(cache, name).read_bytes())
    return document


def metrics_of(document: Mapping[str, Any]) -> dict[str, float]:
    """The figures of a document by name."""
    return {entry["key"]: entry["value"] for entry in document["metrics"]}


def worst(document: Mapping[str, Any]) -> Sequence[str]:
    """For each sliced feature one sentence about where the model is weakest."""
    sentences = []
    for column in SLICES:
        slices = [
            (entry["metrics"][0]["value"], entry["value"], entry["rows"])
            for entry in document["slices"]
            if entry["feature"] == column
        ]
        if slices:
            value, name, rows = min(slices)
            sentences.append(f"Weakest {column}: {name}, ROC-AUC {value:.3f} on {rows:,} flights.")
    return sentences
