"""What the double knows of segments, experiments and saved views, and what changes of them do."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.e2e.double.recorded import CATEGORICAL, FEATURES, Record, iso

SEGMENTS = ["carrier"]
_CARRIERS = {"UA": 0.71, "B6": 0.69, "EV": 0.68, "DL": 0.7, "AA": 0.66, "HA": 0.58}


def performance(auc: float, labelled: int) -> Record:
    limits = {"rocAucLow": auc - 0.03, "rocAucHigh": auc + 0.03, "accuracy": 0.79}
    return {"labelled": labelled, "coverage": 0.97, "rocAuc": auc, **limits}


def performance_detail() -> Record:
    segments = [
        {"column": "carrier", "value": value, "performance": performance(auc, 4000)} for value, auc in _CARRIERS.items()
    ]
    return {"performance": performance(0.684, 24_000), "segments": segments}


def segment_drift() -> list[Record]:
    return [
        {
            "column": "carrier",
            "value": value,
            "feature": feature,
            "rows": 4000,
            "psi": 6.0 / (1 + place) / (1 + i),
            "drifted": feature in ("temp", "dewp"),
        }
        for i, value in enumerate(_CARRIERS)
        for place, feature in enumerate(name for name in FEATURES if name not in CATEGORICAL)
    ]


class Kept:
    """Experiments and saved views, as the mutations leave them."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.views: list[Record] = []
        self.experiments = [self._experiment("1", "flight delays"), self._experiment("2", "weather ablation")]
        self._numbers = itertools.count(1)

    def _experiment(self, number: str, name: str) -> Record:
        return {
            "experimentId": number,
            "name": name,
            "description": "Can delays be told in advance?" if number == "1" else "",
            "lifecycleStage": "active",
            "createdAt": iso(self.now - timedelta(days=6)),
            "updatedAt": iso(self.now - timedelta(days=1)),
            "tags": [],
            "runCount": 31,
        }

    def clear(self) -> None:
        self.views, self.experiments = [], []

    def root(self, connection: Callable[..., Record]) -> dict[str, Callable[..., Any]]:
        def experiments(
            _: Any,
            first: int | None = None,
            after: str | None = None,
            where: Record | None = None,
            nameContains: str | None = None,  # noqa: N803
            **__: Any,
        ) -> Record:
            stage, part = ((where or {}).get("lifecycleStage") or {}).get("eq"), (nameContains or "").lower()
            fitting = [one for one in self.experiments if stage in (None, one["lifecycleStage"])]
            return connection([one for one in fitting if part in one["name"].lower()], first, after)

        def views(
            _: Any, first: int | None = None, after: str | None = None, page: str | None = None, **__: Any
        ) -> Record:
            return connection([one for one in self.views if page in (None, one["page"])], first, after)

        return {
            "experiments": experiments,
            "experiment": lambda _, **given: next(
                (one for one in self.experiments if one["experimentId"] == given["id"]), None
            ),
            "savedViews": views,
            "reproductionPlan": lambda _, **given: {
                "runId": given["runId"],
                "command": ["python", "train.py"],
                "workingDirectory": "",
                "seeds": [{"key": "random_state", "value": "7"}],
                "environment": [{"path": "model/requirements.txt", "size": 81}],
                "diff": None,
            },
            "performance": lambda _, **__: performance_detail(),
            "segmentDrift": lambda _, **__: segment_drift(),
        }

    def take(self, name: str, given: Record) -> None:
        if name == "saveView":
            self.views = [one for one in self.views if one["viewId"] != given.get("viewId")]
            number = given.get("viewId") or f"view-{next(self._numbers)}"
            self.views.append({**given, "viewId": number, "revision": 1})
        if name == "removeSavedView":
            self.views = [one for one in self.views if one["viewId"] != given["viewId"]]
        if name == "purgeDeleted":
            self.experiments = [one for one in self.experiments if one["lifecycleStage"] != "deleted"]
        if name in ("deleteExperiment", "restoreExperiment", "renameExperiment"):
            for one in self.experiments:
                if one["experimentId"] == given["experimentId"]:
                    stage = {"deleteExperiment": "deleted", "restoreExperiment": "active"}
                    one["lifecycleStage"] = stage.get(name, one["lifecycleStage"])
                    one["name"] = given.get("name", one["name"])
