"""What the double answers with: the flights of 2013 as FACTS has them, made deterministic and small."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

Record = dict[str, Any]

MODEL = "flight-delay"
VERSION = "3"
DAY = timedelta(days=1)
FIRST_DAY = datetime(2013, 4, 1, tzinfo=UTC)

NUMERIC = ("temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib")
CALENDAR = ("sched_dep_hour", "day_of_week", "distance", "plane_year", "seats")
CATEGORICAL = ("carrier", "origin", "dest", "manufacturer", "engine", "tailnum_type")
FEATURES = (*NUMERIC, *CALENDAR, *CATEGORICAL)

# Monthly ROC-AUC of the demonstration (FACTS.md), April to December.
MONTHLY_AUC = (0.653, 0.722, 0.708, 0.701, 0.676, 0.656, 0.641, 0.660, 0.699)
NAMES = (("calm", "bold", "quick", "wise"), ("heron", "lynx", "otter"))
USERS = ("anna", "bela", "chandra")


def iso(moment: datetime) -> str:
    return moment.isoformat()


def key_values(values: dict[str, Any]) -> list[Record]:
    return [{"key": key, "value": str(value)} for key, value in values.items()]


def metrics(values: dict[str, float]) -> list[Record]:
    return [
        {"key": key, "value": value if math.isfinite(value) else None, "text": str(value)}
        for key, value in values.items()
    ]


def drift(feature: str, day: int, rows: int, chance: random.Random) -> Record:
    """Temperature and dew point drift all summer; carrier, origin and distance stay quiet."""
    summer = math.exp(-(((day - 110) / 70) ** 2))
    strength = {"temp": 6.0, "dewp": 4.2, "humid": 0.5, "visib": 0.25, "pressure": 0.3, "wind_gust": 0.2}.get(
        feature, 0
    )
    noise = abs(chance.gauss(0, 0.006)) + 0.006
    psi = noise + strength * summer * chance.uniform(0.8, 1.2)
    limit = 0.045 + 12 / max(rows, 1)
    return {
        "feature": feature,
        "kind": "categorical" if feature in CATEGORICAL else "numeric",
        "rows": rows,
        "psi": round(psi, 5),
        "js": round(min(1.0, math.sqrt(psi / 8)), 5),
        "missingShare": 0.76 if feature == "wind_gust" else 0.004,
        "unseenShare": 0.0,
        "outOfRangeShare": 0.0,
        "invalidShare": 0.0,
        "infiniteShare": 0.0,
        "ks": round(min(1.0, psi / 4), 4),
        "ksP": 0.0 if psi > limit else 0.31,
        "wasserstein": round(psi * 2.5, 4),
        "wassersteinLimit": 0.25,
        "moved": psi > limit,
        "psiThreshold": round(limit, 5),
        "psiExcess": round(max(0.0, psi - limit / 2), 5),
        "psiLimit": 0.1,
        "drifted": psi > max(limit, 0.1),
    }


def window(day: int, *, closed: bool = True, rows: int | None = None, auc: float | None = None) -> Record:
    chance = random.Random(day)
    rows = chance.randint(850, 1020) if rows is None else rows
    start = FIRST_DAY + day * DAY
    month = min(8, day // 30)
    value = auc if auc is not None else MONTHLY_AUC[month] + chance.gauss(0, 0.018)
    labelled = int(rows * (0.972 if closed else 0.4))
    return {
        "start": iso(start),
        "end": iso(start + DAY),
        "closed": closed,
        "rows": rows,
        "updatedAt": iso(datetime.now(UTC)),
        "features": [drift(feature, day, rows, chance) for feature in FEATURES],
        "estimated": {"rocAuc": round(value + 0.01, 4), "accuracy": 0.79},
        "quality": {
            "missingShare": 0.76,
            "unseenShare": 0.001,
            "outOfRangeShare": round(0.02 * chance.random(), 4),
            "invalidShare": 0.0,
        },
        "service": {"rowsPerSecond": 12.0, "latencyP50": 0.004, "latencyP90": 0.009, "latencyP99": 0.031},
        "prediction": drift("prediction", day, rows, chance) | {"psi": 0.05 + 0.1 * chance.random()},
        "performance": {
            "labelled": labelled,
            "coverage": labelled / rows if rows else 0.0,
            "rocAuc": round(value, 4),
            "rocAucLow": round(value - 0.034, 4),
            "rocAucHigh": round(value + 0.034, 4),
            "accuracy": round(0.79 + chance.gauss(0, 0.02), 4),
            "accuracyLow": 0.76,
            "accuracyHigh": 0.83,
            "precision": 0.61,
            "recall": 0.33,
            "f1": 0.43,
            "logLoss": 0.49,
            "brier": 0.158,
            "prAuc": round(value - 0.2, 4),
            "prAucLow": round(value - 0.25, 4),
            "prAucHigh": round(value - 0.15, 4),
            "calibrationError": 0.021,
        },
    }


def run(number: int, now: datetime) -> Record:
    chance = random.Random(number)
    started = now - timedelta(minutes=17 * number + 3)
    depth, rate = chance.choice((4, 6, 8)), chance.choice((0.05, 0.1, 0.2))
    status = "RUNNING" if number == 0 else "FAILED" if number % 23 == 7 else "FINISHED"
    seconds = chance.uniform(9, 44)
    auc = 0.70 + 0.06 * chance.random()
    found = {} if status == "FAILED" else {"roc_auc": auc, "log_loss": 0.47, "training_roc_auc": auc + 0.05}
    return {
        "runId": f"{chance.getrandbits(128):032x}",
        "name": "-".join((*(chance.choice(words) for words in NAMES), str(number))),
        "status": status,
        "user": USERS[number % 3],
        "lifecycleStage": "active",
        "startTime": iso(started),
        "endTime": None if status == "RUNNING" else iso(started + timedelta(seconds=seconds)),
        "durationSeconds": None if status == "RUNNING" else seconds,
        "experimentId": "1",
        "experimentName": "flight delays" if number % 4 else "weather ablation",
        "artifactUri": "mlflow-artifacts:/1/artifacts",
        "source": "train.py",
        "gitCommit": f"{chance.getrandbits(160):040x}",
        "parentRunId": None,
        "description": "Deeper trees, to see whether gusts matter." if number == 3 else "",
        "params": key_values({"max_depth": depth, "learning_rate": rate, "max_iter": 200, "l2_regularization": 0.0}),
        "metrics": metrics(found),
        "tags": key_values({"team": "operations"}),
        "datasets": [{"name": "flights Q1 2013", "digest": "4f1c9b02", "context": "train", "sourceType": "local"}],
        "metricHistory": lambda _info, metric, **_: history(metric, started, 8 + 2 * (number % 5)),
    }


def history(metric: str, started: datetime, pace: float) -> list[Record]:
    """A curve that saturates: upwards, or downwards where less is better."""
    sign, seen = (-1 if "loss" in metric else 1), ("training" in metric) * 0.05
    return [
        {
            "step": step,
            "time": iso(started + step * timedelta(seconds=7)),
            "value": 0.6 + sign * (0.2 + seen) * (1 - math.exp(-step / pace)),
        }
        for step in range(60)
    ]


def version(model: str, number: int, now: datetime, runs: list[Record]) -> Record:
    source = runs[number * 5 % len(runs)]
    aliases = {2: ["champion"], 3: ["challenger"]} if model != MODEL else {3: ["champion"], 4: ["challenger"]}
    return {
        "modelName": model,
        "version": str(number),
        "status": "READY",
        "stage": "None",
        "source": "runs:/x/model",
        "user": USERS[number % 3],
        "description": "",
        "aliases": aliases.get(number, []),
        "tags": [],
        "metrics": source["metrics"],
        "params": source["params"],
        "createdAt": iso(now - timedelta(hours=60 - 9 * number)),
        "updatedAt": iso(now),
        "run": source,
    }


def model(name: str, versions: int, description: str, now: datetime, runs: list[Record]) -> Record:
    found = [version(name, number, now, runs) for number in range(versions, 0, -1)]
    return {
        "name": name,
        "description": description,
        "tags": key_values({"team": "operations", "risk": "low"}) if name == MODEL else [],
        "aliases": [{"name": alias, "version": one["version"]} for one in found for alias in one["aliases"]],
        "createdAt": iso(now - timedelta(days=4)),
        "updatedAt": iso(now - timedelta(minutes=4)),
        "versionCount": versions,
        "latestVersion": found[0] if found else None,
        "_versions": found,
    }


def event(number: int, kind: str, subject: str, summary: str, time: datetime, actor: str = "anna") -> Record:
    service, aggregate, _ = kind.split(".", 2)
    return {
        "id": f"event-{number:06d}",
        "type": f"{kind}.v1",
        "service": service,
        "aggregate": aggregate,
        "aggregateId": subject,
        "version": number,
        "time": iso(time),
        "actor": actor,
        "correlationId": f"c{number}",
        "data": {},
        "summary": summary,
    }


def distribution(feature: str) -> Record:
    """Of a feature: the reference against now; temperature has moved."""
    if feature in CATEGORICAL:
        labels = ["UA", "B6", "EV", "DL", "AA", "MQ", "US", "WN"]
        edges: list[float] = []
        reference = [0.18, 0.17, 0.16, 0.14, 0.1, 0.09, 0.09, 0.07]
        return {
            "feature": feature,
            "kind": "categorical",
            "labels": labels,
            "edges": edges,
            "reference": reference,
            "current": [0.175, 0.165, 0.162, 0.145, 0.1, 0.085, 0.088, 0.08],
        }
    edges = [10.0 + 5 * i for i in range(17)]
    shift = 6 if feature in ("temp", "dewp") else 0
    shape = [2.718 ** (-(((i - 5) / 3) ** 2)) for i in range(16)]
    moved = [2.718 ** (-(((i - 5 - shift) / 3) ** 2)) for i in range(16)]
    return {
        "feature": feature,
        "kind": "numeric",
        "labels": [f"{a:g} – {b:g}" for a, b in pairwise(edges)],
        "edges": edges,
        "reference": [value / sum(shape) for value in shape],
        "current": [value / sum(moved) for value in moved],
    }


def holds(run: Record, where: Record) -> bool:
    """Whether a run fits the parts of the gateway's filter that the dashboard uses."""

    def fits(value: Any, asked: Record) -> bool:
        found: dict[str, Callable[[Any], bool]] = {
            "eq": lambda wanted: value == wanted,
            "gt": lambda wanted: value is not None and value > wanted,
            "ilike": lambda wanted: wanted.strip("%").lower() in str(value).lower(),
        }
        return all(found[way](wanted) for way, wanted in asked.items() if way != "key" and wanted is not None)

    def of(section: str, key: str) -> Any:
        return next((one["value"] for one in run[section] if one["key"] == key), None)

    for name, asked in where.items():
        if asked is None:
            continue
        if name in ("and", "or"):
            if not (all if name == "and" else any)(holds(run, one) for one in asked):
                return False
        elif name in ("metrics", "params", "tags"):
            if not all(fits(of(name, one["key"]), one) for one in asked):
                return False
        elif not fits(run["datasets"][0]["name"] if name == "dataset" else run[name], asked):
            return False
    return True
