"""What the double knows of production: evaluations, gates, deployments, retraining, cards."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from tests.e2e.double.recorded import MODEL, Record, iso, metrics

CARRIERS = {"UA": 0.71, "B6": 0.69, "EV": 0.68, "DL": 0.70, "AA": 0.66, "MQ": 0.65, "HA": 0.58, "WN": 0.67}


def evaluation(now: datetime, runs: list[Record]) -> Record:
    features = ("sched_dep_hour", "wind_gust", "temp", "carrier", "dest", "pressure", "visib", "distance")
    steps = [i / 20 for i in range(21)]
    return {
        "id": "e1",
        "evaluationId": "e1",
        "runId": runs[2]["runId"],
        "split": {
            "name": "test",
            "dataset": "flights-test",
            "digest": "7c" * 16,
            "sealed": True,
            "rows": 24_211,
        },
        "metrics": metrics({"roc_auc": 0.6841, "log_loss": 0.487, "accuracy": 0.79, "recall": 0.31}),
        "lowerIsBetter": ["log_loss"],
        "slices": [
            {
                "feature": "carrier",
                "value": carrier,
                "rows": 300 + 900 * i,
                "kind": "SLICE",
                "metrics": metrics({"roc_auc": value}),
            }
            for i, (carrier, value) in enumerate(CARRIERS.items())
        ],
        "disparities": [
            {
                "feature": "carrier",
                "kind": "SLICE",
                "metric": "roc_auc",
                "worst": "HA",
                "worstValue": 0.58,
                "worstRows": 342,
                "best": "UA",
                "bestValue": 0.71,
                "difference": 0.13,
                "ratio": 0.817,
            }
        ],
        "confusion": {"labels": ["on time", "late"], "counts": [[17_820, 1_104], [3_655, 1_632]]},
        "curves": [
            {"name": "roc", "x": steps, "y": [x**0.5 for x in steps], "xTitle": "False alarms", "yTitle": "Found"}
        ],
        "seeds": [],
        "stability": [
            {"metric": "roc_auc", "count": 5, "mean": 0.6836, "deviation": 0.0021, "least": 0.681, "most": 0.6862}
        ],
        "explanation": {
            "method": "permutation",
            "importances": [
                {"feature": name, "value": 0.06 * math.exp(-i / 2), "deviation": 0.002}
                for i, name in enumerate(features)
            ],
            "examples": [
                {
                    "row": "UA 1545, 1 Jan",
                    "prediction": "late (0.71)",
                    "label": "late",
                    "base": 0.22,
                    "note": "",
                    "contributions": [
                        {"feature": "sched_dep_hour", "value": "19", "amount": 0.21},
                        {"feature": "wind_gust", "value": "31 mph", "amount": 0.17},
                        {"feature": "distance", "value": "1400", "amount": -0.04},
                    ],
                }
            ],
        },
        "rowScores": [],
        "sealedUses": 2,
        "sealedUsers": [],
        "note": "Autumn is in the training data for the first time.",
        "explainedBy": "permutation",
        "by": "bela",
        "at": iso(now - timedelta(hours=8)),
    }


def gate(name: str, kind: str, threshold: float, metric: str = "roc_auc", *, higher: bool = True) -> Record:
    return {
        "name": name,
        "kind": kind,
        "metric": metric,
        "threshold": threshold,
        "higherIsBetter": higher,
        "documents": [],
        "significance": 0.0,
        "sliceBy": "",
    }


GATES = [
    gate("meets_minimum", "MINIMUM", 0.65),
    gate("beats_champion", "BEATS_CHAMPION", 0.002),
    gate("worst_carrier", "WORST_SLICE", 0.6),
    gate("latency", "CONSTRAINT", 20, "latency_ms", higher=False),
]


def gate_result(now: datetime) -> Record:
    outcomes = ("PASSED", "PASSED", "FAILED", "UNKNOWN")
    words = (
        "roc_auc 0.6841, at least 0.65 wanted",
        "roc_auc 0.6841, champion 0.671: better by 0.0131, 0.002 wanted",
        "worst slice carrier HA: roc_auc 0.58",
        "latency_ms: the number isn't there",
    )
    return {
        "model": MODEL,
        "version": "4",
        "number": 2,
        "digest": "00" * 32,
        "passed": False,
        "current": True,
        "verdicts": [
            {"gate": one, "outcome": outcome, "numbers": [], "words": said}
            for one, outcome, said in zip(GATES, outcomes, words, strict=True)
        ],
        "projectId": "p-flights",
        "policyRevision": 3,
        "by": "registry",
        "at": iso(now - timedelta(hours=7)),
    }


def policy(now: datetime) -> Record:
    return {
        "projectId": "p-flights",
        "revision": 3,
        "gates": GATES[1:3],
        "derived": [GATES[0], GATES[3]],
        "approvals": 1,
        "reason": "The worst carrier counts",
        "by": "chandra",
        "at": iso(now - timedelta(days=9)),
    }


def comparison() -> Record:
    return {
        "candidate": {"datasets": [], "runsIn": []},
        "champion": {"datasets": [], "runsIn": ["production"]},
        "sameSplit": True,
        "metrics": [
            {
                "name": "roc_auc",
                "candidate": 0.6841,
                "champion": 0.671,
                "difference": 0.0131,
                "better": True,
                "pValue": 0.003,
                "test": "paired bootstrap",
            },
            {
                "name": "log_loss",
                "candidate": 0.487,
                "champion": 0.4836,
                "difference": 0.0034,
                "better": False,
                "pValue": 0.21,
                "test": "paired t",
            },
        ],
        "slices": [
            {
                "feature": "carrier",
                "value": "HA",
                "metric": "roc_auc",
                "candidate": 0.58,
                "champion": 0.61,
                "candidateRows": 342,
                "championRows": 342,
                "better": False,
            }
        ],
        "importances": [],
        "disparities": [],
    }


def _stay(version: str, start: datetime, end: datetime | None, how: str = "DEPLOYED", **more: object) -> Record:
    return {
        "version": version,
        "digest": "ab" * 32,
        "how": how,
        "start": iso(start),
        "end": end and iso(end),
        "by": "bela",
        "note": "",
        "overridden": [],
        "overrideReason": "",
        **more,
    }


def deployments(now: datetime) -> list[Record]:
    day = timedelta(days=1)
    forced: Record = {"overridden": ["GATES_NOT_PASSED"], "overrideReason": "A storm; the old one was blind to gusts."}
    staging = [_stay("4", now - 2 * day, None), _stay("3", now - 20 * day, now - 2 * day)]
    production = [
        _stay("3", now - 11 * day, None, **forced),
        _stay("1", now - 13 * day, now - 11 * day, "ROLLED_BACK"),
        _stay("2", now - 18 * day, now - 13 * day),
        _stay("1", now - 34 * day, now - 18 * day),
    ]
    return [
        {
            "environment": name,
            "model": MODEL,
            "current": stays[0],
            "history": stays,
            "revision": len(stays),
            "alias": "champion" if name == "production" else "",
        }
        for name, stays in (("production", production), ("staging", staging))
    ]


def environments() -> list[Record]:
    rows = (("production", "What passengers see", True, "champion"), ("staging", "Shadow traffic", False, ""))
    return [
        {
            "name": name,
            "description": what,
            "needsApproval": strict,
            "needsGates": strict,
            "alias": alias,
            "revision": 1,
        }
        for name, what, strict, alias in rows
    ]


def standings(version: str) -> list[Record]:
    def one(environment: str, missing: list[str], here: bool) -> Record:
        return {
            "environment": environment,
            "model": MODEL,
            "version": version,
            "digest": "00" * 32,
            "approved": not missing,
            "gatesPassed": not missing,
            "missing": missing,
            "runsHere": here,
        }

    rules = [] if version == "3" else ["REVIEW_NOT_APPROVED", "GATES_NOT_PASSED"]
    return [one("production", rules, version == "3"), one("staging", [], version == "4")]


def retraining(now: datetime) -> Record:
    return {
        "retrainingId": "t1",
        "model": MODEL,
        "version": "3",
        "cause": "ALERT",
        "causeId": "al1",
        "reason": "temp drifted in two windows in a row",
        "backTo": "BUILDING",
        "state": "OPEN",
        "requestedBy": "monitor",
        "requestedAt": iso(now - timedelta(hours=3)),
        "runId": None,
        "newVersion": None,
        "note": "",
        "answeredBy": "",
        "answeredAt": None,
        "revision": 1,
    }


def card(now: datetime) -> Record:
    return {
        "model": MODEL,
        "version": "4",
        "revision": 0,
        "digest": "",
        "current": False,
        "missing": ["ethics", "contact"],
        "markdown": "# flight-delay version 4\n\nWill a flight arrive more than 15 minutes late?\n\n## Figures\n\n"
        "| metric | value |\n|---|---|\n| roc_auc | 0.6841 |\n",
        "html": "",
        "publishedAt": None,
        "by": "",
    }


def card_words() -> Record:
    words = dict.fromkeys(("outOfScope", "limits", "ethics", "responsePlan", "contact"), "")
    return {"model": MODEL, "revision": 1, "words": {"summary": "Delay forecast", "intendedUse": "The app", **words}}
