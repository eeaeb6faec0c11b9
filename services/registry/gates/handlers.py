"""Sets policies, judges versions by them, and shows what was judged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from services.contracts.errors import NotAllowedNow, NotFound
from services.contracts.evaluations import EvaluationView, Gate
from services.contracts.gates import (
    EvaluateGates,
    GatePolicyView,
    GateResultView,
    GetGatePolicy,
    GetGateResults,
    ListGateResults,
    SetGatePolicy,
)
from services.contracts.identity import Action, require
from services.contracts.paging import Edge, Page
from services.contracts.projects import Thing
from services.contracts.registry import GetRuns, RunView
from services.contracts.written import Written
from services.registry.clock import Now
from services.registry.documents import insert
from services.registry.evaluations.handlers import Evaluations
from services.registry.evaluations.rules import split_key
from services.registry.gates import policies, rules
from services.registry.gates.rules import Comparison, Seen
from services.registry.gates.store import POLICIES, RESULTS, Judged, MongoGates, Result, renamed, result_of, result_view
from services.registry.once import once
from services.registry.projects.board import proofs_of, settled
from services.registry.projects.handlers import Projects
from services.registry.projects.levels import CONSTRAINTS_ITEM, MINIMUM_ITEM, levels_of, values_of
from services.registry.projects.project import Project
from services.registry.reviews.content import Content, Contents
from services.registry.runs.queries import RunQueries
from services.registry.states import milliseconds
from services.runtime.context import Context
from services.runtime.event_numbers import EventNumbers
from services.runtime.outbox import Change, Outbox

CHAMPION = "champion"
BASELINE_ITEM = "baseline"

Scored = Callable[[str, Context], Awaitable[float | None]]
"""The reproducibility score of a run, 0 to 1; None if it has none."""


class Gates:
    def __init__(
        self,
        outbox: Outbox,
        store: MongoGates,
        numbers: EventNumbers,
        contents: Contents,
        projects: Projects,
        evaluations: Evaluations,
        runs: RunQueries,
        scored: Scored,
        now: Now,
    ) -> None:
        self._outbox = outbox
        self._store = store
        self._contents = contents
        self._numbers = numbers
        self._projects = projects
        self._evaluations = evaluations
        self._runs = runs
        self._scored = scored
        self._now = now

    # ------------------------------------------------------------ policies

    async def set_policy(self, request: SetGatePolicy, context: Context) -> Written:
        """Raises NotAllowedNow for an archived project, Conflict if somebody else was faster."""
        require(context.principal, Action.EDIT_PROJECT)

        async def decide() -> tuple[Change, Written]:
            project = await self._projects.board_of(request.project_id)
            _check_open(project)
            policy, event = policies.policy_set(
                await self._store.policy(request.project_id),
                project_id=request.project_id,
                gates=request.gates,
                approvals=request.approvals,
                reason=request.reason,
                expected=request.expected,
                now=self._now(),
                who=context.principal.user,
            )
            change = Change(context, "set_gate_policy")
            insert(change, POLICIES, policy)
            change.emit(event, event.revision)
            return change, Written(id=request.project_id, revision=event.revision)

        return await once(self._outbox, request, context, decide, again_on_duplicate=True)

    async def get_policy(self, request: GetGatePolicy, context: Context) -> GatePolicyView:
        require(context.principal, Action.READ)
        project = await self._projects.board_of(request.project_id)
        policy = await self._store.policy(request.project_id, request.revision)
        if policy is None and request.revision is not None:
            raise NotFound(f"the policy has no revision {request.revision}", field="revision")
        return policies.view(request.project_id, policy, _derived(project))

    async def policy_for(self, model_name: str, context: Context) -> GatePolicyView:
        """Of the project that owns the model."""
        project = await self._projects.owning(context, Thing(kind="model", id=model_name))
        return policies.view(project.id, await self._store.policy(project.id), _derived(project))

    # ------------------------------------------------------------ judging

    async def evaluate(self, request: EvaluateGates, context: Context) -> GateResultView:
        """Raises NotFound if there is no such version."""
        require(context.principal, Action.REQUEST_REVIEW)

        async def decide() -> tuple[Change, GateResultView]:
            content = await self._contents.of(request.model_name, request.version, context)
            version = content.version
            project = await self._projects.owning(context, Thing(kind="model", id=version.model_name))
            _check_open(project)
            policy = policies.view(project.id, await self._store.policy(project.id), _derived(project))
            former = await self._store.newest(version.model_name, version.version)
            judged = await self._judged(content)
            event = rules.evaluated(
                version.model_name,
                version.version,
                content.digest,
                rules.effective(policy.gates, policy.derived),
                await self._seen(content, project, context),
                number=1 if former is None else former.number + 1,
                project_id=project.id,
                policy_revision=policy.revision,
                by=context.principal.user,
                evaluation_id=judged.evaluation,
            )
            events = await self._numbers.last(event.aggregate, event.aggregate_id())
            result = result_of(event, self._now(), events)
            change = Change(context, "evaluate_gates")
            insert(change, RESULTS, result)
            change.emit(event, result.v)
            return change, result_view(result, judged)

        return await once(self._outbox, request, context, decide, again_on_duplicate=True)

    async def _seen(self, content: Content, project: Project, context: Context) -> Seen:
        version, run = content.version, content.run
        evaluation = await self._evaluations.final(version.model_name, version.version, version.run_id)
        champion = await self._contents.find(version.model_name, f"@{CHAMPION}", context)
        if champion is not None and champion.version.version == version.version:
            champion = None
        baseline = await self._baseline(project, context)
        theirs = None if champion is None else await self._evaluation_of(champion, evaluation)
        baseline_evaluation = None
        if baseline is not None and evaluation is not None:
            baseline_evaluation = await self._evaluations.of_run(baseline.id, split_key(evaluation.split))
        return Seen(
            metrics=_metrics(run, evaluation),
            baseline=_metrics(baseline, baseline_evaluation),
            champion={} if champion is None else _metrics(champion.run, theirs),
            has_champion=champion is not None,
            slices=_slices(evaluation),
            reproducibility=None if run is None else await self._scored(run.id, context),
            test_uses=None if evaluation is None else await self._evaluations.sealed_uses(evaluation, context),
            documents=settled(project),
            expert={level.metric: level.value for level in levels_of(project) if level.kind == "expert"},
            champion_tests=await self._tests(evaluation, theirs),
            baseline_tests=await self._tests(evaluation, baseline_evaluation),
        )

    async def _evaluation_of(self, champion: Content, ours: EvaluationView | None) -> EvaluationView | None:
        """The champion's on the same rows as ours, else its own final one."""
        version = champion.version
        found = None
        if ours is not None:
            split = split_key(ours.split)
            found = await self._evaluations.final(version.model_name, version.version, version.run_id, split)
        if found is None:
            found = await self._evaluations.final(version.model_name, version.version, version.run_id)
        return found

    async def _baseline(self, project: Project, context: Context) -> RunView | None:
        """The newest run that the board shows as the naive baseline."""
        runs = [proof.id for proof in proofs_of(project, BASELINE_ITEM) if proof.kind == "run"]
        if not runs:
            return None
        [run] = await self._runs.get(GetRuns(ids=runs[:1]), context)
        return run

    async def _tests(self, ours: EvaluationView | None, theirs: EvaluationView | None) -> dict[str, Comparison]:
        if ours is None or theirs is None:
            return {}
        tests = await self._evaluations.paired(ours, theirs)
        return {
            measure: Comparison(name=test.test, rows=test.rows, p_value=test.p_value) for measure, test in tests.items()
        }

    async def renamed(self, change: Change, former_name: str, model_name: str) -> None:
        """Moves the results of a model's gates along with it. What an earlier model of the new name left, goes."""
        for before in await self._store.of_model(model_name):
            change.delete(RESULTS, {"_id": before.id})
        for before in await self._store.of_model(former_name):
            change.delete(RESULTS, {"_id": before.id})
            insert(change, RESULTS, renamed(before, model_name))

    # ------------------------------------------------------------ reading

    async def passed(self, content: Content, context: Context) -> bool:
        """Whether exactly this content, as it was evaluated last, passed exactly the gates that apply now."""
        version = content.version
        result = await self._store.newest(version.model_name, version.version)
        if result is None or not result.passed or not result.current(await self._judged(content)):
            return False
        policy = await self.policy_for(version.model_name, context)
        return [verdict.gate for verdict in result.all()] == rules.effective(policy.gates, policy.derived)

    async def newest(self, model_name: str, version: str) -> Result | None:
        """The newest result, whatever it was about; None if there is none."""
        return await self._store.newest(model_name, version)

    async def _judged(self, content: Content) -> Judged:
        version = content.version
        found = await self._evaluations.final_id(version.model_name, version.version, version.run_id)
        return Judged(content.digest, found or "")

    async def get(self, request: GetGateResults, context: Context) -> GateResultView | None:
        require(context.principal, Action.READ)
        content = await self._contents.find(request.model_name, request.version, context)
        version = request.version if content is None else content.version.version
        by = None if request.as_of is None else milliseconds(request.as_of)
        result = await self._store.newest(request.model_name, version, by)
        return None if result is None else result_view(result, None if content is None else await self._judged(content))

    async def page(self, request: ListGateResults, context: Context) -> Page[GateResultView]:
        require(context.principal, Action.READ)
        page = await self._store.page(request)
        judged: dict[tuple[str, str], Judged | None] = {}
        for edge in page.edges:
            key = (edge.node.model_name, edge.node.version)
            if key not in judged:
                content = await self._contents.find(*key, context)
                judged[key] = None if content is None else await self._judged(content)
        edges = [
            Edge(
                cursor=edge.cursor,
                node=result_view(edge.node, judged[edge.node.model_name, edge.node.version]),
            )
            for edge in page.edges
        ]
        return Page(edges=edges, has_next=page.has_next, has_previous=page.has_previous, total=page.total)


def _derived(project: Project) -> list[Gate]:
    return rules.from_answers(values_of(project, MINIMUM_ITEM), values_of(project, CONSTRAINTS_ITEM))


def _metrics(run: RunView | None, evaluation: EvaluationView | None) -> Mapping[str, float]:
    """What was evaluated counts more than what the run says of itself."""
    return {**({} if run is None else run.metrics), **({} if evaluation is None else evaluation.metrics)}


def _slices(evaluation: EvaluationView | None) -> Mapping[str, Mapping[str, float]]:
    if evaluation is None:
        return {}
    return {f"{entry.feature}={entry.value}": entry.metrics for entry in evaluation.slices if entry.rows}


def _check_open(project: Project) -> None:
    if project.archived:
        raise NotAllowedNow(
            f"the project {project.name!r} is archived", code="ARCHIVED", fix="Take it out of the archive first."
        )
