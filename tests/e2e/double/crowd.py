"""Very much of everything that a page lists: what a browser would need seconds for, if a page showed all of it."""

from __future__ import annotations

from datetime import timedelta

from tests.e2e.double import recorded
from tests.e2e.double.gateway import GatewayDouble
from tests.e2e.double.recorded import MODEL, Record, iso, key_values, metrics

MANY = 90


def many(one: Record, key: str, **texts: str) -> list[Record]:
    """`MANY` likenesses of a record, each with a number in its key and in the texts that are named."""
    return [
        {**one, key: f"{one[key]}{number}" if number else one[key], **{k: f"{v} {number}" for k, v in texts.items()}}
        for number in range(MANY)
    ]


def crowd(double: GatewayDouble) -> None:
    """Fills every list; what was there stays the first of each."""
    known, now = double.lifecycle, double.now
    board = known.project
    assert board is not None
    known.others = many(board, "projectId", name="Project")[1:]
    known.insights = many(known.insights[0], "insightId", title="Insight")
    known.insights[0]["comments"] = many(known.insights[0]["comments"][0], "id", text="Also in winter")
    known.reviews = many(known.reviews[0], "model")
    known.reviews[0]["comments"] = many(known.reviews[0]["comments"][0], "id", text="Why")
    known.reviews[0]["decisions"] = [
        {"by": f"reviewer {number}", "decision": "APPROVE", "reason": "It is good.", "at": iso(now)}
        for number in range(MANY)
    ]
    known.alerts = many(known.alerts[0], "alertId", title="Alert")
    known.alerts[0]["comments"] = many(known.alerts[0]["comments"][0], "id", text="Season")
    known.alerts[0]["causes"] = many(known.alerts[0]["causes"][0], "subject")
    known.silences = many(known.silences[0], "id", reason="Maintenance")
    known.webhooks = many(known.webhooks[0], "id", url="https://pager.example")
    known.letters = many(known.letters[0], "id", error="Not readable")
    known.datasets = many(known.datasets[0], "name")
    known.retrainings = many(known.retrainings[0], "retrainingId", reason="Drift")
    known.tokens = many(known.tokens[0], "id", user="user")
    known.sources = many(known.sources[0], "name")
    known.kept.experiments = many(known.kept.experiments[0], "experimentId", name="Experiment")
    for stage in board["stages"]:
        stage["items"] = many(stage["items"][0], "key", title="Question")
        stage["items"][0]["evidence"] = many(_evidence(double), "about", note="It shows it")
    board["milestones"] = many(board["milestones"][0], "id", title="Milestone")
    board["assumptions"] = many(board["assumptions"][0], "id", text="Assumption")
    board["moves"] = [{**board["moves"][0], "reason": f"Drift {number}"} for number in range(MANY)]
    double.monitored = many(double.monitored[0], "version")
    for number in range(MANY):
        double.emit("registry.registered_model.updated", MODEL, f"changed {MODEL}, {number}")
    run = double.runs[2]
    figures = {f"layer_{number:03d}/loss": 1 / (1 + number) for number in range(MANY)}
    run.update(metrics=metrics({"roc_auc": 0.7, **figures}), params=key_values(figures), tags=key_values(figures))
    double.models = [recorded.model(MODEL, MANY, "", now, double.runs)] + [
        recorded.model(f"{MODEL}-{number}", 1, "", now - timedelta(hours=number), double.runs) for number in range(MANY)
    ]
    for version in double.models[0]["_versions"]:
        version.update(params=run["params"], metrics=run["metrics"], tags=run["tags"])
    known.dataset.update(useCount=MANY)
    known.versions = many(known.dataset, "digest")
    known.around = _around()


def _evidence(double: GatewayDouble) -> Record:
    proof = {"kind": "run", "id": double.runs[2]["runId"]}
    told = {"about": "run", "verdict": "GOOD", "proof": proof, "note": "", "at": iso(double.now), "cause": ""}
    return {**told, "thing": None}


def _around() -> Record:
    """Forty ways from a dataset to a version, five things on each."""
    kinds = ("DATASET", "RUN", "LOGGED_MODEL", "VERSION", "EVALUATION")
    nodes: list[Record] = [{"kind": "DATASET", "id": "all@1", "label": "all", "depth": 0}]
    edges = []
    for way in range(40):
        before = nodes[0]
        for depth, kind in enumerate(kinds, 1):
            node = {"kind": kind, "id": f"{kind.lower()}/{way}", "label": f"{kind.lower()} {way}", "depth": depth}
            nodes.append(node)
            edges.append((before, node))
            before = node
    told = {"at": None, "state": "", "more": 2, "node": None}
    links = [
        {"left": ref(left), "right": ref(right), "kind": "DERIVED", "at": "2026-01-01T00:00:00Z", "note": ""}
        for left, right in edges
    ]
    return {"start": ref(nodes[0]), "nodes": [{**node, **told} for node in nodes], "edges": links, "truncated": True}


def ref(node: Record) -> Record:
    return {"kind": node["kind"], "id": node["id"]}
