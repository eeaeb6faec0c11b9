"""What the double knows of running the product: alerts and their rules, silences, webhooks, dead letters, tokens."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.e2e.double.recorded import MODEL, Record, iso


def alert(now: datetime) -> Record:
    first = datetime.fromisoformat("2013-09-20T00:00:00+00:00")
    return {
        "alertId": "al1",
        "revision": 3,
        "model": MODEL,
        "version": "3",
        "rule": "feature drift",
        "metric": "FEATURE_DRIFT",
        "severity": "CRITICAL",
        "state": "OPEN",
        "title": "4 features of flight-delay v3 drifted",
        "openedAt": iso(now - timedelta(hours=3)),
        "updatedAt": iso(now - timedelta(minutes=20)),
        "firstWindow": iso(first + timedelta(days=4)),
        "lastWindow": iso(first + timedelta(days=8)),
        "windows": [
            {
                "start": iso(first + timedelta(days=i)),
                "end": iso(first + timedelta(days=i + 1)),
                "firing": i >= 4,
                "value": 0.05 + (0.3 + 0.2 * i if i >= 4 else 0.01 * i),
                "figure": "psi",
                "limit": 0.1,
            }
            for i in range(9)
        ],
        "causes": [
            {
                "subject": name,
                "figure": "psi",
                "value": value,
                "limit": 0.1,
                "expected": 0.02,
                "text": f"{name} moved: PSI {value}, {said}",
            }
            for name, value, said in (("temp", 2.1, "warmer than the reference"), ("dewp", 1.4, "more humid"))
        ],
        "nextStep": "Compare the summer's distribution with the reference; if it is the season, retrain.",
        "reopened": 1,
        "acknowledgedBy": None,
        "acknowledgedAt": None,
        "acknowledgeNote": "",
        "resolvedBy": None,
        "resolvedAt": None,
        "resolution": None,
        "resolveReason": "",
        "retrainingRequestedAt": None,
        "comments": [{"id": "x1", "by": "chandra", "text": "It is the season.", "at": iso(now - timedelta(hours=1))}],
    }


def rules() -> Record:
    def one(name: str, metric: str, severity: str) -> Record:
        return {
            "name": name,
            "metric": metric,
            "severity": severity,
            "enabled": True,
            "features": [],
            "exceptFeatures": [],
            "measure": None,
            "minimumEffect": None,
            "openAfter": 2,
            "resolveAfter": 2,
            "reopenWithin": 5,
            "minimumRows": 30,
            "windows": 1,
            "seconds": None,
            "requestRetraining": False,
        }

    found = [one("feature drift", "FEATURE_DRIFT", "WARNING"), one("performance", "PERFORMANCE", "CRITICAL")]
    return {
        "model": MODEL,
        "version": "3",
        "rules": found,
        "default": True,
        "revision": 0,
        "setBy": None,
        "setAt": None,
    }


def silence(now: datetime) -> Record:
    return {
        "id": "s1",
        "revision": 1,
        "model": MODEL,
        "version": None,
        "rule": None,
        "start": iso(now - timedelta(hours=1)),
        "end": iso(now + timedelta(hours=5)),
        "reason": "The weather station is being replaced",
        "by": "bela",
        "createdAt": iso(now - timedelta(hours=1)),
        "endedBy": None,
    }


def webhook(now: datetime) -> Record:
    return {
        "id": "w1",
        "revision": 1,
        "url": "https://pager.example/hook",
        "model": None,
        "severities": ["CRITICAL"],
        "enabled": True,
        "createdBy": "anna",
        "createdAt": iso(now),
        "state": "DELIVERED",
        "waiting": 0,
        "deliveredAt": iso(now),
        "problem": None,
    }


def tokens(now: datetime) -> list[Record]:
    return [
        {
            "id": f"k{number}",
            "user": user,
            "role": role,
            "createdAt": iso(now - timedelta(days=20)),
            "expiresAt": iso(now + timedelta(days=70)),
            "revokedAt": iso(now) if user == "dora" else None,
            "note": "",
        }
        for number, (user, role) in enumerate((("anna", "ADMIN"), ("bela", "CONTRIBUTOR"), ("dora", "VIEWER")))
    ]


def lifecycle_webhook(now: datetime) -> Record:
    return {
        "id": "lw1",
        "revision": 2,
        "url": "https://ci.example/lifecycle",
        "events": ["registry.model_version", "registry.deployment.deployed"],
        "model": MODEL,
        "enabled": True,
        "createdBy": "bela",
        "createdAt": iso(now - timedelta(days=3)),
        "state": "FAILING",
        "waiting": 4,
        "deliveredAt": iso(now - timedelta(hours=2)),
        "problem": "answered 503",
    }


def dead_letter(now: datetime, consumer: str, subject: str, *, decision: str | None = None) -> Record:
    return {
        "id": f"{consumer}-1",
        "consumer": consumer,
        "subject": subject,
        "code": "INVALID",
        "error": "the batch has a column of another kind than the reference: temp",
        "size": 48_211,
        "time": iso(now - timedelta(minutes=41)),
        "decision": decision,
    }
