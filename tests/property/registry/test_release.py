"""Policy, review, gates and deployment together: whatever people do, nothing runs that wasn't allowed to, or it shows.

RELEASE_CASES sets the number of cases, of 40 steps each at most.
"""

import os
from typing import Any

from hypothesis import event as note
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.contracts.errors import Conflict, Forbidden, Invalid, NotAllowedNow
from services.contracts.evaluations import Gate, GatesEvaluated
from services.registry.deployments import rules as deployments
from services.registry.deployments.rules import Policy, Standing
from services.registry.evaluations.rules import figures_digest
from services.registry.gates import policies
from services.registry.gates import rules as gates
from services.registry.gates.policies import Policy as GatePolicy
from services.registry.gates.rules import Seen
from services.registry.models import rules as models
from services.registry.reviews import grounds
from services.registry.reviews import rules as reviews
from services.registry.reviews.grounds import Figures, Grounds
from services.registry.reviews.rules import Review
from services.registry.values import KeyValue

PEOPLE = ["anna", "ben", "cleo", "dora"]
VERSIONS = ["1", "2"]
ADMINISTRATOR = "dora"

people = st.sampled_from(PEOPLE)
versions = st.sampled_from(VERSIONS)


def expect(refused: NotAllowedNow, *codes: str) -> None:
    assert refused.code in codes


class Release(RuleBasedStateMachine):
    """Beside the rules runs a naive ledger of what really happened; the two must agree."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.content = dict.fromkeys(VERSIONS, 0)
        self.auc = dict.fromkeys(VERSIONS, 0.4)
        self.reviews: dict[str, Review] = {}
        self.verdicts: dict[str, GatesEvaluated] = {}
        self.production = deployments.nothing("production", "m")
        self.asks = Policy()
        self.model = models.registered("m", None, "", {}, 0)[0]
        self.policy: GatePolicy | None = None
        self.events: list[Any] = []
        self.evaluations: dict[str, list[Figures]] = {version: [] for version in VERSIONS}
        self.document = 0
        # the ledger
        self.asked: dict[str, tuple[str, set[str], int]] = {}
        self.votes: dict[str, dict[str, str]] = {}
        self.figures: dict[str, dict[str, float]] = {version: {} for version in VERSIONS}
        self.saw: dict[str, dict[str, tuple[dict[str, float], int]]] = {}
        self.passed: dict[str, float] = {}
        self.threshold = 0.5
        self.overrides: list[tuple[str, str]] = []
        self.ran: list[tuple[str, str]] = []

    @initialize(needed=st.integers(1, 2))
    def first_policy(self, needed: int) -> None:
        self.set_policy(needed, 0.5, fresh=True)

    @rule(needed=st.integers(1, 2), threshold=st.sampled_from([0.5, 0.5, 0.65]), fresh=st.booleans())
    def set_policy(self, needed: int, threshold: float, fresh: bool) -> None:
        seen = 0 if self.policy is None else self.policy.revision
        wanted = [Gate(name="minimum", kind="minimum", metric="auc", threshold=threshold)]
        try:
            after, event = policies.policy_set(
                self.policy, project_id="p", gates=wanted, approvals=needed, reason="r",
                expected=seen if fresh else seen + 1, now=self.tick(), who=ADMINISTRATOR,
            )  # fmt: skip
        except Conflict:
            assert not fresh
            return
        assert fresh
        assert event.revision == seen + 1
        self.policy, self.needed, self.threshold = after, needed, threshold

    @rule(asks=st.sampled_from([(True, True), (True, True), (True, False), (False, True)]))
    def change_what_production_asks_for(self, asks: tuple[bool, bool]) -> None:
        self.asks = Policy(approval=asks[0], gates=asks[1])

    def gates(self) -> list[Gate]:
        assert self.policy is not None
        return self.policy.all()

    def digest(self, version: str) -> str:
        return f"{version}:{self.content[version]}:{self.auc[version]}"

    def tick(self) -> int:
        self.now += 1
        return self.now

    def grounds(self, version: str) -> Grounds:
        return Grounds(
            evaluations=grounds.newest(self.evaluations[version]),
            project="p",
            documents=[KeyValue("objective", str(self.document))],
        )

    def stands(self, version: str, who: str) -> bool:
        """Whether what this person saw is what there is now: by plain comparison of what was shown."""
        saw, document = self.saw[version][who]
        now = self.figures[version]
        same = all(now[split] == saw[split] for split in saw)
        return same and document == self.document and ("sealed" in saw or "sealed" not in now)

    # ------------------------------------------------------------ what happens

    @rule(
        version=versions,
        split=st.sampled_from(["validation", "validation", "sealed", "april"]),
        f1=st.sampled_from([0.3, 0.4]),
    )
    def evaluate_the_version(self, version: str, split: str, f1: float) -> None:
        """The same figures again, other ones, or those of other rows."""
        digest, number = figures_digest({"f1": f1}, []), len(self.evaluations[version])
        entry = grounds.figures(str(number), split, f"d/{split}", digest, {"f1": f1}, sealed=split == "sealed")
        self.evaluations[version] = [entry, *self.evaluations[version]]
        self.figures[version][split] = f1

    @rule(other=st.booleans())
    def answer_a_document(self, other: bool) -> None:
        self.document += int(other)

    @rule(version=versions, auc=st.sampled_from([0.4, 0.6]))
    def change_what_is_under_a_version(self, version: str, auc: float) -> None:
        self.content[version] += 1
        self.auc[version] = auc

    @rule(version=versions, who=people, reviewers=st.lists(people, max_size=2, unique=True))
    def request_review(self, version: str, who: str, reviewers: list[str]) -> None:
        former = self.reviews.get(version)
        try:
            review, event = reviews.requested(
                former, model_name="m", version=version, digest=self.digest(version), made_by=["anna"],
                reviewers=reviewers, needed=max(self.needed, 1), at_least=self.needed, note="", now=self.tick(),
                who=who, grounds=self.grounds(version),
            )  # fmt: skip
        except (NotAllowedNow, Invalid):
            return
        self.reviews[version] = review
        self.events.append(event)
        self.asked[version] = (self.digest(version), {*review.authors}, self.needed)
        self.votes[version], self.saw[version] = {}, {}
        assert {"anna", who} <= set(review.authors)

    @precondition(lambda self: self.reviews)
    @rule(version=versions, who=people, yes=st.booleans(), fresh=st.booleans())
    def decide(self, version: str, who: str, yes: bool, fresh: bool) -> None:
        review = self.reviews.get(version)
        if review is None:
            return
        looked_at = self.digest(version) if fresh else review.digest
        decision = "approve" if yes else "ask_for_changes"
        try:
            after, event = reviews.decided(
                review, decision, "because", looked_at, self.digest(version), self.tick(), who,  # type: ignore[arg-type]
                self.grounds(version),
            )  # fmt: skip
        except Forbidden:
            assert who in review.authors or (review.reviewers and who not in review.reviewers)
            return
        except NotAllowedNow as refused:
            expect(refused, "CONTENT_CHANGED", "REVIEW_CLOSED")
            return
        assert who != "anna"
        self.reviews[version] = after
        self.events.append(event)
        self.votes[version][who] = decision
        self.saw[version][who] = dict(self.figures[version]), self.document

    @rule(version=versions)
    def notice_that_content_changed(self, version: str) -> None:
        review = self.reviews.get(version)
        if review is None:
            return
        done = reviews.lapsed(review, self.digest(version), self.tick(), self.grounds(version))
        if review.state in reviews.UNDER_WAY and review.digest == self.digest(version):
            approved = [who for who, vote in self.votes[version].items() if vote == "approve"]
            assert (done is None) == all(self.stands(version, who) for who in approved)
        if done is not None:
            assert done[1].because
            note(f"lapsed: {' '.join(done[1].because.split()[:4])}")
            self.reviews[version] = done[0]
            self.events.append(done[1])

    @rule(version=versions, who=people)
    def withdraw(self, version: str, who: str) -> None:
        review = self.reviews.get(version)
        if review is None:
            return
        try:
            self.reviews[version] = reviews.withdrawn(review, "not yet", self.tick(), who, may_all=False)[0]
        except (Forbidden, NotAllowedNow):
            return
        self.votes[version] = {}

    @rule(version=versions)
    def evaluate_gates(self, version: str) -> None:
        seen = Seen(metrics={"auc": self.auc[version]})
        verdict = gates.evaluated("m", version, self.digest(version), self.gates(), seen)
        self.verdicts[version] = verdict
        assert verdict.passed == (self.auc[version] >= self.threshold)
        assert verdict.verdicts[0].numbers == {"auc": self.auc[version], "threshold": self.threshold}
        if verdict.passed:
            self.passed[verdict.digest] = max(self.threshold, self.passed.get(verdict.digest, 0.0))

    @rule(
        version=versions,
        approvers=st.sampled_from([["cleo", "dora"], ["cleo"], ["anna", "cleo"], []]),
        judge=st.sampled_from(["before", "after", "never"]),
        change=st.sampled_from(["", "", "content", "figures", "document"]),
        auc=st.sampled_from([0.4, 0.6, 0.6]),
    )
    def go_the_way_to_deployment(self, version: str, approvers: list[str], judge: str, change: str, auc: float) -> None:
        """Random steps alone rarely get this far: the whole way, often with one step left out or something changed."""
        self.change_what_is_under_a_version(version, auc)
        self.evaluate_the_version(version, "sealed", 0.3)
        self.request_review(version, "anna", [])
        for who in approvers:
            self.decide(version, who, yes=True, fresh=True)
        if judge == "before":
            self.evaluate_gates(version)
        if change == "content":
            self.change_what_is_under_a_version(version, auc)
        if change == "figures":
            self.evaluate_the_version(version, "sealed", 0.4)
        self.answer_a_document(change == "document")
        if judge == "after":
            self.evaluate_gates(version)
        self.deploy(version, "dora", None)

    @rule(change=st.booleans(), to=st.sampled_from([None, "1"]))
    def one_takes_over_from_the_other_and_gives_back(self, change: bool, to: str | None) -> None:
        for version in VERSIONS:
            self.go_the_way_to_deployment(version, ["cleo", "dora"], "before", change="", auc=0.6)
            if self.production.current is None or self.production.current.version != version:
                self.deploy(version, ADMINISTRATOR, "fire")
        if change:
            self.change_what_is_under_a_version("1", 0.6)
        self.roll_back(to, "ben")

    def standing(self, version: str) -> Standing:
        digest, verdict = self.digest(version), self.verdicts.get(version)
        return Standing(
            digest=digest,
            approved=reviews.approved(self.reviews.get(version), digest, self.needed, self.grounds(version)),
            passed=verdict is not None
            and verdict.passed
            and verdict.digest == digest
            and [entry.gate for entry in verdict.verdicts] == self.gates(),
        )

    def keep_alias_in_step(self) -> None:
        """As the handler does, in the same transaction."""
        current = self.production.current
        if current is not None:
            decided: Any = models.alias_set(self.model, "champion", int(current.version))
        else:
            decided = models.alias_removed(self.model, "champion")
        if decided is not None:
            self.model = decided[0]

    @rule(version=versions, who=people, override=st.sampled_from([None, None, "fire"]))
    def deploy(self, version: str, who: str, override: str | None) -> None:
        digest = self.digest(version)
        try:
            self.production, event = deployments.deployed(
                self.production, version, self.standing(version), self.asks, note="", override_reason=override,
                may_override=who == ADMINISTRATOR, alias="champion", now=self.tick(), who=who,
            )  # fmt: skip
        except NotAllowedNow as refused:
            note(f"refused: {refused.code}")
            if override is not None:
                expect(refused, "RUNS_ALREADY")
            return
        except Forbidden as refused:
            note(f"refused: {refused.code}")
            assert who != ADMINISTRATOR
            assert override is not None
            return
        self.keep_alias_in_step()
        self.ran.append((version, digest))
        if event.overridden:
            note("deployed by an override")
            assert override == event.override_reason == "fire"
            assert who == ADMINISTRATOR
            self.overrides.append((version, digest))
            return
        note("deployed by the rules")
        if self.asks.gates:
            assert self.passed[digest] >= self.threshold
        if not self.asks.approval:
            return
        asked_digest, authors, needed = self.asked[version]
        votes = self.votes[version]
        assert asked_digest == digest
        assert len(votes) >= max(needed, self.needed)
        assert set(votes.values()) == {"approve"}
        assert not authors & set(votes)
        assert all(self.stands(version, who) for who in votes)

    @rule(to=st.one_of(st.none(), versions), who=people)
    def roll_back(self, to: str | None, who: str) -> None:
        before = self.production.current
        try:
            target = deployments.rollback_target(self.production, to)
            self.production, event = deployments.rolled_back(
                self.production, to, self.digest(target.version), reason="worse", now=self.tick(), who=who
            )
        except NotAllowedNow as refused:
            expect(refused, "NEVER_RAN_HERE", "NOTHING_RUNS", "CONTENT_CHANGED")
            return
        self.keep_alias_in_step()
        assert before is not None
        assert event.from_version == before.version != event.version
        note("rolled back")
        assert (event.version, event.digest) in self.ran
        assert event.digest == self.digest(event.version)

    @rule(who=people)
    def retire(self, who: str) -> None:
        try:
            self.production, _ = deployments.retired(self.production, reason="old", now=self.tick(), who=who)
        except NotAllowedNow as refused:
            expect(refused, "NOTHING_RUNS")
            return
        note("retired")
        self.keep_alias_in_step()

    @rule(seen=st.integers(0, 5))
    def change_what_somebody_else_changed_meanwhile(self, seen: int) -> None:
        try:
            deployments.unchanged(seen, self.production.v, "what runs there")
        except Conflict:
            assert seen != self.production.v
        else:
            assert seen == self.production.v

    # ------------------------------------------------------------ what always holds

    @invariant()
    def an_override_shows_for_ever(self) -> None:
        shown = [(stay.version, stay.digest) for stay in self.production.stays if stay.overridden]
        assert [entry for entry in shown if entry in self.overrides] == shown
        assert set(self.overrides) <= set(shown)

    @invariant()
    def the_alias_stands_for_what_runs(self) -> None:
        current = self.production.current
        wanted = None if current is None else int(current.version)
        assert models.alias_target(self.model, "champion") == wanted

    @invariant()
    def one_version_runs_at_a_time_and_history_has_no_gaps_backward(self) -> None:
        stays = self.production.stays
        assert all(stay.end is not None for stay in stays[:-1])
        assert all(stay.end is None or stay.end >= stay.start for stay in stays)
        assert [stay.start for stay in stays] == sorted(stay.start for stay in stays)

    @invariant()
    def no_author_has_decided(self) -> None:
        for review in self.reviews.values():
            assert not {entry.by for entry in review.decisions} & set(review.authors)
            if review.state == "approved":
                assert len(review.decisions) >= review.needed
                assert all(entry.decision == "approve" for entry in review.decisions)


CASES = int(os.environ.get("RELEASE_CASES", "100"))
Release.TestCase.settings = settings(max_examples=CASES, stateful_step_count=40, deadline=None)
TestRelease = Release.TestCase
