"""The double's answers about the lifecycle, and every mutation of the schema: noted, and refused if a test says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from graphql import GraphQLSchema

from tests.e2e.double import data, lifecycle, operating, production
from tests.e2e.double.kept import Kept
from tests.e2e.double.recorded import Record, iso

Resolver = Callable[..., Any]


PURGED = {
    "report": {"runs": 3, "loggedModels": 0, "experiments": 1, "keptRuns": ["r"], "keptModels": [], "more": False}
}


class Lifecycle:
    """Facts that tests may change; `sent` are the mutations, `refusal` is what the next ones are answered with."""

    def __init__(self, now: datetime, runs: list[Record]) -> None:
        self.now = now
        self.project: Record | None = lifecycle.board(now, runs)
        self.others: list[Record] = []  # more projects
        self.insights = lifecycle.insights(now, runs)
        self.similar = [lifecycle.similar(runs[5], exact=True), lifecycle.similar(runs[6], exact=False)]
        self.reviews = [lifecycle.review(now)]
        self.audit = lifecycle.audit(now)
        self.evaluation: Record | None = production.evaluation(now, runs)
        self.deployments = production.deployments(now)
        self.retrainings = [production.retraining(now)]
        self.alerts = [operating.alert(now)]
        self.silences = [operating.silence(now)]
        self.webhooks = [operating.lifecycle_webhook(now)]
        self.letters = [operating.dead_letter(now, "monitor-ingest", "ingest.predictions.flight-delay.3")]
        self.dataset = data.version(2, data.DIGEST, now, runs)
        self.datasets = [data.dataset(now, self.dataset)]
        self.versions = [self.dataset]
        self.sources = [data.source()]
        self.tokens = operating.tokens(now)
        self.around: Record | None = None  # a lineage that is answered in place of the usual one
        self.runs = runs
        self.kept = Kept(now)
        self.tampered = False
        self.sent: list[tuple[str, Record]] = []
        self.refusal: Record | None = None

    def clear(self) -> None:
        self.project, self.insights, self.similar, self.reviews, self.audit = None, [], [], [], []
        self.deployments, self.retrainings, self.alerts, self.silences, self.datasets = [], [], [], [], []
        self.evaluation = None
        self.webhooks, self.letters = [], []
        self.kept.clear()

    def root(self, connection: Callable[..., Record]) -> dict[str, Resolver]:
        """The query fields."""

        def pages(items: Callable[..., list[Record]]) -> Resolver:
            return lambda _, first=None, after=None, **given: connection(items(**given), first, after)

        def verdict(_: Any, after: Record | None = None, **__: Any) -> Record:
            bad = {"badNumber": 17, "badId": "a17", "problem": "its hash doesn't fit its content"}
            nothing = {"badNumber": None, "badId": None, "problem": None}
            done = after is not None
            upto = {"number": 119 if done else 60, "hash": "5f" * 32}
            return {"upto": upto, "done": done, "unsealed": 1 if done else 0, **(bad if self.tampered else nothing)}

        return {
            "projects": pages(self._projects),
            "project": lambda _, id, asOf=None: self._board(id, asOf),  # noqa: A006, N803  # the schema's names
            "insights": pages(
                lambda words="", **_: [i for i in self.insights if (words or "").lower() in str(i).lower()]
            ),
            "insight": lambda _, **given: next((i for i in self.insights if i["insightId"] == given["id"]), None),
            "similarRuns": lambda _, **__: self.similar,
            "metricLevels": lambda *_, **__: [
                {"metric": "roc_auc", "kind": "EXPERT", "value": 0.81, "higherIsBetter": True, "projectId": "default"}
            ],
            "reviews": pages(self._reviews),
            "review": lambda _, model, version, **__: next(
                (r for r in self.reviews if (r["model"], r["version"]) == (model, version)), None
            ),
            **self._production(pages),
            **self._data(pages),
            **self.kept.root(connection),
            "audit": pages(lambda user=None, **_: [a for a in self.audit if user in (None, a["user"])]),
            "auditVerdict": verdict,
        }

    def _projects(self, where: Record | None = None, **_: Any) -> list[Record]:
        part = (((where or {}).get("name") or {}).get("ilike") or "").strip("%").lower()
        return [one for one in [self.project, *self.others] if one and part in one["name"].lower()]

    def _reviews(
        self,
        states: list[str] | None = None,
        waitingFor: str | None = None,  # noqa: N803
        where: Record | None = None,
        **_: Any,
    ) -> list[Record]:
        part = (((where or {}).get("model") or {}).get("ilike") or "").strip("%").lower()
        found = [one for one in self.reviews if (not states or one["state"] in states) and part in one["model"].lower()]
        return [one for one in found if not waitingFor or waitingFor in one["reviewers"]]

    def _production(self, pages: Callable[[Callable[..., list[Record]]], Resolver]) -> dict[str, Resolver]:
        def alerts(states: list[str] | None = None, severities: list[str] | None = None, **_: Any) -> list[Record]:
            return [
                one
                for one in self.alerts
                if (not states or one["state"] in states) and (not severities or one["severity"] in severities)
            ]

        def judged(_: Any, version: str, **__: Any) -> Record | None:
            return production.gate_result(self.now) if version == "4" else None

        return {
            "evaluations": pages(lambda **_: [{**self.evaluation, "slices": 8}] if self.evaluation else []),
            "evaluation": lambda _, **__: self.evaluation,
            "gateResult": judged,
            "gatePolicy": lambda _, **__: production.policy(self.now),
            "versionComparison": lambda _, **__: production.comparison(),
            "deployedModels": pages(lambda **_: self.deployments),
            "environments": lambda _, **__: production.environments() if self.deployments else [],
            "standings": lambda _, version, **__: production.standings(version),
            "retrainings": pages(
                lambda states=None, **_: [r for r in self.retrainings if r["state"] in (states or r["state"])]
            ),
            "modelCard": lambda _, **__: production.card(self.now),
            "modelCardWords": lambda _, **__: production.card_words(),
            "alerts": pages(alerts),
            "alert": lambda _, **given: next((one for one in self.alerts if one["alertId"] == given["id"]), None),
            "alertRules": lambda _, **__: operating.rules(),
            "apiTokens": pages(lambda **_: self.tokens),
            "alertSilences": pages(lambda **_: self.silences),
            "webhooks": lambda _, **__: [operating.webhook(self.now)] if self.silences else [],
            "lifecycleWebhooks": lambda _, **__: self.webhooks,
            "deadLetters": pages(lambda service, **_: self.letters if service == "MONITOR" else []),
            "gateResults": pages(lambda **_: [production.gate_result(self.now)] if self.evaluation else []),
        }

    def _data(self, pages: Callable[[Callable[..., list[Record]]], Resolver]) -> dict[str, Resolver]:
        return {
            "datasets": pages(
                lambda nameContains=None, **_: [d for d in self.datasets if (nameContains or "") in d["name"]]  # noqa: N803
            ),
            "datasetVersions": pages(lambda **_: self.versions),
            "datasetVersion": lambda _, dataset, **__: self.dataset if dataset == "flights" else None,
            "datasetComparison": lambda _, **__: data.comparison(),
            "dataSources": pages(lambda **_: self.sources if self.datasets else []),
            "lineage": lambda _, kind, **given: self.around or data.lineage(kind, given["id"], self.now, self.runs),
            "reproducibility": lambda _, **__: data.reproducibility(self.runs[2]),
        }

    def _board(self, project_id: str, as_of: Any) -> Record | None:
        if self.project is None or project_id != lifecycle.PROJECT:
            return None
        if as_of is None:
            return self.project
        early = [{**stage, "state": "NOT_STARTED", "done": 0, "attention": []} for stage in self.project["stages"]]
        return {**self.project, "stages": early, "asOf": str(as_of), "moves": []}

    def mutations(self, schema: GraphQLSchema) -> dict[str, Resolver]:
        """Every mutation that the schema has."""

        def noted(name: str) -> Resolver:
            def resolve(_: Any, input: Record) -> Record:  # noqa: A002  # the schema's name
                if self.refusal:
                    return {"errors": [self.refusal], "changedId": None}
                self.sent.append((name, input))
                self._take(name, input)
                self.kept.take(name, input)
                return {"errors": [], "changedId": self._made(name), "secret": "lct_shown-this-once", **PURGED}

            return resolve

        return {name: noted(name) for name in schema.mutation_type.fields} if schema.mutation_type else {}

    def _made(self, name: str) -> str:
        return self.retrainings[0]["retrainingId"] if "Retraining" in name else lifecycle.PROJECT

    def _take(self, name: str, given: Record) -> None:
        if name == "requestRetraining":
            asked = {"retrainingId": f"t{len(self.retrainings) + 1}", "requestedBy": "anna", "reason": given["reason"]}
            self.retrainings.insert(0, {**production.retraining(self.now), **asked})
        if name == "declineRetraining":
            known = self.retrainings
            self.retrainings = [{**r, "state": "DECLINED"} if r["retrainingId"] == given["id"] else r for r in known]
        if name == "fillAnswer" and self.project:
            for stage in self.project["stages"]:
                for item in stage["items"]:
                    if item["key"] == given["item"]:
                        item.update(
                            answer=given["text"],
                            state="DONE" if given["text"] else "OPEN",
                            answeredBy="anna",
                            answeredAt=iso(datetime.now(UTC)),
                            revision=item["revision"] + 1,
                        )
        if name == "decideMonitorDeadLetter":
            self.letters = [{**one, "decision": given["decision"].lower()} for one in self.letters]
        if name in ("acknowledgeAlert", "resolveAlert"):
            done = {"acknowledgedBy": "anna", "acknowledgedAt": iso(datetime.now(UTC)), "state": "ACKNOWLEDGED"}
            if name == "resolveAlert":
                done = {"resolvedAt": iso(datetime.now(UTC)), "resolution": "BY_HAND", "state": "RESOLVED"}
            self.alerts[0].update(done)
        if name in ("commentReview", "resolveReviewComment", "reopenReviewComment"):
            lifecycle.discussed(self.reviews[0], name, given, f"c{len(self.sent) + 9}")
        if name == "decideReview":
            self.reviews[0]["state"] = "APPROVED" if given["decision"] == "APPROVE" else "CHANGES_ASKED"
            self.reviews[0]["missing"] = 0
            self.reviews[0]["decisions"] = [
                {"by": "anna", "decision": given["decision"], "reason": given["reason"], "at": iso(datetime.now(UTC))}
            ]
