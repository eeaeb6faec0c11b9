"""What the double knows of the lifecycle: a project's board, insights, similar runs, a review, an audit trail."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta

from services.registry.projects import templates
from tests.e2e.double.recorded import MODEL, Record, iso, metrics

PROJECT = "p-flights"

_ANSWERS = {
    "objective": "Tell passengers early that their flight will be late, so that they can rebook.",
    "stakeholders": "Operations control (daily), customer care (weekly), the regulator (yearly).",
    "use": "Shown in the app when the chance of a delay of 15 minutes or more is above 40 %.",
    "workaround": "A rule on wind and hour of day; it costs about 1,200 needless calls a month.",
    "business_measure": "Rebookings before arrival at the airport, tied to ROC-AUC and recall at 40 %.",
    "minimum_performance": "Below this the rule is as good.",
    "ethical_risks": "Routes of poorer regions must not be served worse.",
    "task_type": "",
    "metrics": "",
    "milestones": "See below.",
    "constraints": "",
}
_VALUES = {
    "minimum_performance": {"metric": "roc_auc", "value": "0.65", "direction": "higher"},
    "task_type": {"task": "classification", "mode": "online"},
    "metrics": {"metric": "roc_auc", "direction": "higher", "guards": "log_loss"},
    "constraints": {"latency_ms": "20", "size_mb": "50"},
}
_DONE_UP_TO = 10  # stages


def board(now: datetime, runs: list[Record]) -> Record:
    """The flights project: scope and data done, model under way, monitoring needs attention."""
    template = templates.template(templates.NEWEST)
    assert template
    stages = [_stage(stage, now, runs) for stage in template.stages]
    return {
        "projectId": PROJECT,
        "name": "Flight delays",
        "description": "Will a flight from New York arrive more than 15 minutes late?",
        "archived": False,
        "createdAt": iso(now - timedelta(days=40)),
        "updatedAt": iso(now - timedelta(minutes=9)),
        "revision": 3,
        "createdBy": "anna",
        "asOf": iso(now),
        "template": template.name,
        "templateVersion": template.version,
        "patterns": [{"kind": "MODEL", "glob": "flight-*"}],
        "assigned": [{"kind": "experiment", "id": "1"}],
        "stages": stages,
        "stageStates": [stage["state"] for stage in stages],
        "attention": [why for stage in stages for why in stage["attention"]],
        "overdue": 1,
        "milestones": [
            _milestone("m1", "First model in shadow mode", "anna", (now - timedelta(days=12)).date(), done=True),
            _milestone("m2", "Review by the regulator", "chandra", (now - timedelta(days=2)).date(), late=True),
            _milestone("m3", "All routes", "bela", (now + timedelta(days=30)).date()),
        ],
        "assumptions": [
            _assumption("a1", "Weather reports arrive within the hour.", "VERIFIED", "Checked against 2013."),
            _assumption("a2", "Carriers don't change during the year.", "REFUTED", "Two joined.", "Retrain in autumn."),
            _assumption("a3", "Passengers read the notice.", "OPEN"),
        ],
        "moves": [
            {
                "stage": "monitoring",
                "to": "building",
                "reason": "Retraining was asked for: temperature drifted in the summer.",
                "by": "service:registry",
                "at": iso(now - timedelta(days=3)),
            }
        ],
    }


def _stage(stage: templates.Stage, now: datetime, runs: list[Record]) -> Record:
    items = [_item(item, stage, now, runs) for item in stage.items]
    done = sum(item["state"] in ("DONE", "WAIVED") for item in items)
    bad = [item for item in items if item["state"] == "BAD"]
    state = "NEEDS_ATTENTION" if bad else "DONE" if done == len(items) else "IN_PROGRESS" if done else "NOT_STARTED"
    return {
        "key": stage.key,
        "number": stage.number,
        "title": stage.title,
        "phase": stage.phase,
        "state": state,
        "done": done,
        "open": len(items) - done,
        "again": "Retraining was asked for" if stage.key == "building" else "",
        "attention": [f"{item['title']}: {item['evidence'][0]['note']}" for item in bad],
        "items": items,
    }


def _item(item: templates.Item, stage: templates.Stage, now: datetime, runs: list[Record]) -> Record:
    answered = item.key in _ANSWERS
    proven = stage.number <= _DONE_UP_TO and item.kind != "answer"
    bad = stage.key == "monitoring" and item.kind == "check"
    waived = stage.number <= _DONE_UP_TO and not answered and not proven
    evidence = []
    if proven or bad:
        kind, name, note = ("run", runs[2]["runId"], f"{runs[2]['name']} shows it")
        if bad:
            kind, name, note = ("version", f"{MODEL}/3", "4 features drifted, temp most of all")
        evidence = [
            {
                "about": name,
                "verdict": "BAD" if bad else "GOOD",
                "proof": {"kind": kind, "id": name},
                "note": note,
                "at": iso(now - timedelta(hours=5)),
                "cause": "",
                "thing": None,
            }
        ]
    return {
        "key": item.key,
        "title": item.title,
        "kind": item.kind.upper(),
        "state": "BAD" if bad else "DONE" if answered or proven else "WAIVED" if waived else "OPEN",
        "revision": 1 if answered else 0,
        "optional": item.optional,
        "fields": [
            {"key": f.key, "title": f.title, "number": f.number, "required": f.required, "choices": list(f.choices)}
            for f in item.fields
        ],
        "answer": _ANSWERS.get(item.key, ""),
        "values": [{"key": key, "value": value} for key, value in _VALUES.get(item.key, {}).items()],
        "answeredBy": "anna" if answered else "",
        "answeredAt": iso(now - timedelta(days=20)) if answered else None,
        "waivedBecause": "Not needed for this pilot." if waived else "",
        "waivedBy": "bela" if waived else "",
        "waivedAt": iso(now - timedelta(days=19)) if waived else None,
        "evidence": evidence,
    }


def _milestone(number: str, title: str, owner: str, due: date, *, done: bool = False, late: bool = False) -> Record:
    return {
        "id": number,
        "title": title,
        "owner": owner,
        "due": due.isoformat(),
        "done": done,
        "overdue": late,
        "revision": 1,
    }


def _assumption(number: str, text: str, status: str, note: str = "", consequence: str = "") -> Record:
    return {
        "id": number,
        "text": text,
        "status": status,
        "proofs": [],
        "note": note,
        "consequence": consequence,
        "revision": 1,
    }


def insight(number: int, title: str, text: str, now: datetime, links: list[Record]) -> Record:
    return {
        "insightId": f"i{number}",
        "title": title,
        "excerpt": text[:200],
        "text": text,
        "revision": 1,
        "author": "chandra",
        "createdAt": iso(now - timedelta(days=number)),
        "updatedAt": iso(now - timedelta(days=number)),
        "links": links,
        "commentCount": 1,
        "comments": [{"id": "c1", "author": "anna", "text": "Also in winter?", "at": iso(now)}],
        "score": None,
    }


def insights(now: datetime, runs: list[Record]) -> list[Record]:
    project = {"kind": "project", "id": PROJECT}
    run = {"kind": "run", "id": runs[2]["runId"]}
    return [
        insight(1, "Temperature matters only with the hour", "Alone it adds 0.002 to ROC-AUC.", now, [run, project]),
        insight(2, "Gusts are missing three times in four", "Imputing them made it worse.", now, [project]),
    ]


def similar(run: Record, *, exact: bool) -> Record:
    differences = [] if exact else [{"key": "max_depth", "asked": "6", "found": "8"}]
    return {
        "runId": run["runId"],
        "runName": run["name"],
        "experimentId": run["experimentId"],
        "experimentName": run["experimentName"],
        "user": run["user"],
        "status": run["status"],
        "startTime": run["startTime"],
        "exact": exact,
        "differences": differences,
        "metrics": run["metrics"],
        "effect": metrics({"roc_auc": 0.012, "log_loss": -0.004}),
        "run": run,
    }


def review(now: datetime) -> Record:
    return {
        "model": MODEL,
        "version": "4",
        "state": "OPEN",
        "lapsedBecause": "",
        "digest": hashlib.sha256(b"flight-delay/4").hexdigest(),
        "round": 1,
        "authors": ["bela"],
        "reviewers": [],
        "needed": 1,
        "missing": 1,
        "note": "Trained with the autumn; please look at the worst carrier.",
        "requestedBy": "bela",
        "requestedAt": iso(now - timedelta(hours=7)),
        "updatedAt": iso(now - timedelta(hours=1)),
        "decisions": [],
        "comments": [
            comment("c1", None, "anna", "Why is HA so much worse?", now - timedelta(hours=3), WORST),
            comment("c2", "c1", "bela", "342 flights a year, all from one airport.", now - timedelta(hours=2), WORST),
        ],
        "openRemarks": 1,
    }


WORST = {"kind": "SLICE", "key": "carrier=HA"}


def comment(number: str, to: str | None, by: str, text: str, at: datetime, about: Record | None = None) -> Record:
    return {"id": number, "replyTo": to, "by": by, "text": text, "at": iso(at), "about": about}


def discussed(review: Record, name: str, given: Record, number: str) -> None:
    """What a mutation about its comments makes of a review."""
    said = {one["id"]: one for one in review["comments"]}
    if name == "commentReview":
        to = given.get("replyTo")
        about = said[to]["about"] if to else given.get("about")
        review["comments"].append(comment(number, to, "anna", given["text"], datetime.now(UTC), about))
    else:
        done = name == "resolveReviewComment"
        who, at = ("anna", iso(datetime.now(UTC))) if done else (None, None)
        said[given["commentId"]].update(resolvedBy=who, resolvedAt=at)
    review["openRemarks"] = sum(
        bool(one["about"]) and not one["replyTo"] and not one.get("resolvedBy") for one in review["comments"]
    )


def audit(now: datetime) -> list[Record]:
    actions = ("review.request", "project.answer", "token.create", "model.alias", "run.create")
    return [
        {
            "id": f"a{number}",
            "time": iso(now - timedelta(minutes=7 * (120 - number))),
            "action": actions[number % len(actions)],
            "user": ("anna", "bela", "chandra")[number % 3],
            "role": "contributor",
            "via": "gateway",
            "remote": "127.0.0.1",
            "correlationId": f"req-{number // 2}",
            "events": [f"event-{number}"],
            "before": None,
            "after": {"item": "objective", "text": "Tell passengers early"} if number % 5 == 1 else None,
            "number": number if number < 120 else None,
            "hash": hashlib.sha256(str(number).encode()).hexdigest() if number < 120 else None,
        }
        for number in range(120, 0, -1)
    ]
