"""Looks up what a reviewer compares: a candidate and the champion, with evaluations, gates and reviews."""

from __future__ import annotations

from services.contracts.errors import Invalid
from services.contracts.evaluations import EvaluationView
from services.contracts.gates import GetGateResults
from services.contracts.identity import Action, require
from services.contracts.reviews import CompareVersions, ComparisonView, GetReview, SideView
from services.registry.deployments.handlers import Deployments
from services.registry.evaluations.handlers import Evaluations
from services.registry.evaluations.rules import split_key, summary
from services.registry.gates.handlers import Gates
from services.registry.reviews import comparing
from services.registry.reviews.content import Content, Contents
from services.registry.reviews.handlers import Reviews
from services.runtime.context import Context


class Comparisons:
    def __init__(
        self,
        contents: Contents,
        evaluations: Evaluations,
        gates: Gates,
        reviews: Reviews,
        deployments: Deployments,
    ) -> None:
        self._contents = contents
        self._evaluations = evaluations
        self._gates = gates
        self._reviews = reviews
        self._deployments = deployments

    async def compare(self, request: CompareVersions, context: Context) -> ComparisonView:
        """Raises NotFound for a version that doesn't exist; an alias that nothing stands for is no champion yet."""
        require(context.principal, Action.READ)
        candidate = await self._contents.of(request.model_name, request.version, context)
        other = request.with_version
        find = self._contents.find if other.startswith("@") else self._contents.of
        champion: Content | None = await find(request.model_name, other, context)
        if champion is not None and champion.version.version == candidate.version.version:
            if not other.startswith("@"):
                raise Invalid("that is the same version", field="with_version")
            champion = None
        ours = await self._final(candidate)
        theirs = None if champion is None else await self._final(champion, ours)
        tests = {} if ours is None or theirs is None else await self._evaluations.paired(ours, theirs)
        errors = [] if ours is None else ours.lower_is_better
        return ComparisonView(
            candidate=await self._side(candidate, ours, context),
            champion=None if champion is None else await self._side(champion, theirs, context),
            same_split=ours is not None and theirs is not None and split_key(ours.split) == split_key(theirs.split),
            metrics=comparing.metric_rows(_metrics(candidate, ours), _metrics(champion, theirs), tests, errors),
            params=[] if champion is None else comparing.param_rows(_params(candidate), _params(champion)),
            slices=comparing.slice_rows(
                [] if ours is None else ours.slices, [] if theirs is None else theirs.slices, errors
            ),
            importances=comparing.importance_rows(
                [] if ours is None or ours.explanation is None else ours.explanation.importances,
                [] if theirs is None or theirs.explanation is None else theirs.explanation.importances,
            ),
            disparities=[] if ours is None else ours.disparities,
        )

    async def _final(self, content: Content, beside: EvaluationView | None = None) -> EvaluationView | None:
        """The evaluation that counts, on the same rows as the one it stands beside if there is such a one."""
        version = content.version
        split = None if beside is None else split_key(beside.split)
        found = await self._evaluations.final(version.model_name, version.version, version.run_id, split)
        if found is None and split is not None:
            found = await self._evaluations.final(version.model_name, version.version, version.run_id)
        return found

    async def _side(self, content: Content, evaluation: EvaluationView | None, context: Context) -> SideView:
        version = content.version
        name, number = version.model_name, version.version
        review = await self._reviews.get(GetReview(model_name=name, version=number), context)
        return SideView(
            version=version,
            digest=content.digest,
            params=_params(content),
            datasets=[] if content.run is None else content.run.datasets,
            evaluation=None if evaluation is None else summary(evaluation),
            gates=await self._gates.get(GetGateResults(model_name=name, version=number), context),
            review=None if review is None else review.state,
            runs_in=await self._deployments.runs_in(name, number),
        )


def _params(content: Content) -> dict[str, str]:
    return {} if content.run is None else content.run.params


def _metrics(content: Content | None, evaluation: EvaluationView | None) -> dict[str, float]:
    """What was evaluated counts more than what the run says of itself."""
    run = None if content is None else content.run
    return {**({} if run is None else run.metrics), **({} if evaluation is None else evaluation.metrics)}
