"""Requests, discusses, decides and shows reviews."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from services.contracts.base import Envelope, Event
from services.contracts.errors import NotFound
from services.contracts.evaluations import EvaluationRecorded
from services.contracts.identity import Action, may, require
from services.contracts.paging import Page
from services.contracts.registry import VersionKey
from services.contracts.reviews import (
    CommentReview,
    DecideReview,
    GetReview,
    ListReviews,
    ReopenReviewComment,
    RequestReview,
    ResolveReviewComment,
    ReviewLapsed,
    ReviewRenamed,
    ReviewView,
    WithdrawReview,
)
from services.contracts.written import Written
from services.registry.clock import Now
from services.registry.documents import put, save
from services.registry.gates.handlers import Gates
from services.registry.once import once
from services.registry.projects.project import Project
from services.registry.reviews import rules
from services.registry.reviews.content import Content, Contents
from services.registry.reviews.rules import Review
from services.registry.reviews.sights import Sights
from services.registry.reviews.store import REVIEWS, MongoReviews
from services.registry.states import States, keep, milliseconds
from services.runtime.context import Context
from services.runtime.event_numbers import EventNumbers
from services.runtime.ids import new_id
from services.runtime.outbox import Change, Outbox

VERSION, RUN, ARTIFACT = "model_version", "run", "artifact"
PATH_DEPTH = 4
"""Below the artifact root lie experiment/run/artifacts and experiment/models/id/artifacts."""

Command = CommentReview | ResolveReviewComment | ReopenReviewComment | DecideReview | WithdrawReview
Decide = Callable[[Review, Content], Awaitable[tuple[Review, Event]]]


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """`by`: who approved, as many as were asked for; empty if it isn't approved. `lapsed_because`: why not any more."""

    by: list[str] = []
    lapsed_because: str = ""


class Reviews:
    def __init__(
        self,
        outbox: Outbox,
        store: MongoReviews,
        states: States,
        numbers: EventNumbers,
        contents: Contents,
        gates: Gates,
        sights: Sights,
        now: Now,
    ) -> None:
        self._outbox = outbox
        self._store = store
        self._states = states
        self._numbers = numbers
        self._contents = contents
        self._gates = gates
        self._sights = sights
        self._now = now

    async def request(self, request: RequestReview, context: Context) -> Written:
        """Raises NotFound if there is no such version."""
        require(context.principal, Action.REQUEST_REVIEW)

        async def decide() -> tuple[Change, Written]:
            content = await self._contents.of(request.model_name, request.version, context)
            version, run = content.version, content.run
            policy = await self._gates.policy_for(version.model_name, context)
            former = await self._store.get(version.model_name, version.version)
            grounds = None if former is None else await self._sights.now(former, content)
            review, event = rules.requested(
                former,
                model_name=version.model_name,
                version=version.version,
                digest=content.digest,
                made_by=[version.user] if run is None else [version.user, run.user],
                made_from=[source for source in (version.run_id, version.model_id) if source],
                reviewers=request.reviewers,
                needed=policy.approvals if request.needed is None else request.needed,
                at_least=policy.approvals,
                note=request.note,
                now=self._now(),
                who=context.principal.user,
                grounds=grounds,
                events=await self._events_of(version.model_name, version.version) if former is None else 0,
            )
            change = Change(context, "request_review")
            put(change, REVIEWS, former, review)
            keep(change, "review", former, review, review.updated)
            change.emit(event, review.v)
            return change, Written(id=review.id, revision=review.round)

        return await once(self._outbox, request, context, decide, again_on_duplicate=True)

    async def comment(self, request: CommentReview, context: Context) -> Written:
        require(context.principal, Action.REQUEST_REVIEW)
        comment_id, who, about = new_id(), context.principal.user, request.about

        async def decide(review: Review, content: Content) -> tuple[Review, Event]:
            there: list[str] = []
            if about is not None and request.reply_to is None:
                there = await self._sights.parts(content, about.kind, context)
            return rules.commented(review, comment_id, request.text, request.reply_to, self._now(), who, about, there)

        return await self._change(request, context, "comment_review", decide, comment_id)

    async def resolve_comment(self, request: ResolveReviewComment, context: Context) -> Written:
        """By anybody who may comment, as reopening is."""
        require(context.principal, Action.REQUEST_REVIEW)

        async def decide(review: Review, content: Content) -> tuple[Review, Event]:
            return rules.resolved(review, request.comment_id, self._now(), context.principal.user)

        return await self._change(request, context, "resolve_review_comment", decide, request.comment_id)

    async def reopen_comment(self, request: ReopenReviewComment, context: Context) -> Written:
        require(context.principal, Action.REQUEST_REVIEW)

        async def decide(review: Review, content: Content) -> tuple[Review, Event]:
            return rules.resolved(review, request.comment_id, self._now(), context.principal.user, reopened=True)

        return await self._change(request, context, "reopen_review_comment", decide, request.comment_id)

    async def decide(self, request: DecideReview, context: Context) -> Written:
        require(context.principal, Action.DECIDE_REVIEW)
        who = context.principal.user

        async def decide(review: Review, content: Content) -> tuple[Review, Event]:
            return rules.decided(
                review,
                request.decision,
                request.reason,
                request.digest,
                content.digest,
                self._now(),
                who,
                await self._sights.of(content, context),
            )

        return await self._change(request, context, "decide_review", decide)

    async def withdraw(self, request: WithdrawReview, context: Context) -> Written:
        require(context.principal, Action.REQUEST_REVIEW)
        who, may_all = context.principal.user, may(context.principal, Action.OPERATE)

        async def decide(review: Review, content: Content) -> tuple[Review, Event]:
            return rules.withdrawn(review, request.reason, self._now(), who, may_all=may_all)

        return await self._change(request, context, "withdraw_review", decide)

    async def _change(
        self, request: Command, context: Context, action: str, decide: Decide, answer_id: str | None = None
    ) -> Written:
        async def attempt() -> tuple[Change, Written]:
            before = await self._get(request.model_name, request.version)
            after, event = await decide(before, await self._contents.of(request.model_name, request.version, context))
            change = Change(context, action)
            save(change, REVIEWS, before, after)
            keep(change, "review", before, after, after.updated)
            change.emit(event, after.v)
            return change, Written(id=answer_id or after.id, revision=after.round)

        return await once(self._outbox, request, context, attempt)

    async def take_in(self, envelopes: list[Envelope], change: Change) -> None:
        """Lets reviews lapse whose version has changed; called with the events of versions, runs, artifacts and
        evaluations."""
        named = dict.fromkeys(found for envelope in envelopes if (found := _version_of(envelope)) is not None)
        sources = {source for envelope in envelopes for source in _sources_of(envelope)}
        if sources:
            named |= dict.fromkeys(await self._store.under_way_from(sorted(sources)))
        for model, version in named:
            await self._let_lapse(model, version, change)

    async def _let_lapse(self, model_name: str, version: str, change: Change) -> None:
        before = await self._store.get(model_name, version)
        done = None if before is None else await self._lapsed(before, self._now(), change.context)
        if before is not None and done is not None:
            self._put_lapsed(change, before, done)

    def _put_lapsed(self, change: Change, before: Review, done: tuple[Review, ReviewLapsed]) -> None:
        save(change, REVIEWS, before, done[0])
        keep(change, "review", before, done[0], done[0].updated)
        change.emit(done[1], done[0].v)

    async def _lapsed(
        self, review: Review, at: int, context: Context, project: Project | None = None
    ) -> tuple[Review, ReviewLapsed] | None:
        """As it is once it is known that what it is about has changed; None if that hasn't.

        `project`: as it will be, if that is what changes.
        """
        content = await self._contents.find(review.model_name, review.version, context)
        if content is None:
            return rules.lapsed(review, "", at)
        return rules.lapsed(review, content.digest, at, await self._sights.now(review, content, project))

    async def answered(self, change: Change, project: Project) -> None:
        """Lets reviews lapse whose approvals have seen documents that the project says otherwise now."""
        for model_name, version in await self._store.under_way_from([project.id]):
            before = await self._store.get(model_name, version)
            done = None if before is None else await self._lapsed(before, self._now(), change.context, project)
            if before is not None and done is not None:
                self._put_lapsed(change, before, done)

    async def renamed(self, change: Change, former_name: str, model_name: str) -> None:
        """Moves a model's reviews along with it."""
        for before in await self._store.of_model(former_name):
            there = await self._store.get(model_name, before.version)
            after, event = rules.renamed(before, model_name, await self._events_of(model_name, before.version))
            change.delete(REVIEWS, {"_id": before.id, "r": before.r})
            put(change, REVIEWS, there, after)
            keep(change, "review", before, after, self._now(), former=before.id)
            change.emit(event, after.v)

    async def _events_of(self, model_name: str, version: str) -> int:
        return await self._numbers.last(ReviewRenamed.aggregate, rules.review_id(model_name, version))

    async def approval(self, content: Content) -> Approval:
        """What the approval of exactly this content, and of what there is to see of it now, is worth."""
        version = content.version
        review = await self._store.get(version.model_name, version.version)
        if review is None:
            return Approval()
        grounds = await self._sights.now(review, content)
        if rules.approved(review, content.digest, grounds=grounds):
            return Approval(by=rules.approvers(review))
        return Approval(lapsed_because=review.lapsed_because or rules.broken(review, content.digest, grounds))

    async def _get(self, model_name: str, version: str) -> Review:
        review = await self._store.get(model_name, version)
        if review is None:
            raise NotFound(f"no review of {model_name} {version} was requested", field="version")
        return review

    # ------------------------------------------------------------ reading

    async def get(self, request: GetReview, context: Context) -> ReviewView | None:
        """A review whose content has changed shows as lapsed at once, also before the event says so."""
        require(context.principal, Action.READ)
        if request.as_of is not None:
            id_ = rules.review_id(request.model_name, request.version)
            then = await self._states.at("review", [id_], milliseconds(request.as_of), Review)
            return rules.view(then[id_]) if id_ in then else None
        review = await self._store.get(request.model_name, request.version)
        if review is None:
            return None
        done = await self._lapsed(review, review.updated, context)
        return rules.view(review if done is None else done[0])

    async def page(self, request: ListReviews, context: Context) -> Page[ReviewView]:
        require(context.principal, Action.READ)
        return await self._store.page(request)


def _version_of(envelope: Envelope) -> tuple[str, str] | None:
    """The version that an event is about, if it is one about a version."""
    if envelope.aggregate == VERSION:
        named = msgspec.json.decode(envelope.data, type=VersionKey)
        return named.model_name, named.version
    if envelope.type == EvaluationRecorded.type():
        event = msgspec.json.decode(envelope.data, type=EvaluationRecorded)
        return None if event.model_name is None or event.version is None else (event.model_name, event.version)
    return None


def _sources_of(envelope: Envelope) -> Sequence[str]:
    """The runs or logged models that an event may have changed: those whose ids a path of artifacts goes through."""
    if envelope.aggregate == RUN:
        return (envelope.aggregate_id,)
    if envelope.type == EvaluationRecorded.type():
        event = msgspec.json.decode(envelope.data, type=EvaluationRecorded)
        return () if event.run_id is None else (event.run_id,)
    return envelope.aggregate_id.split("/")[:PATH_DEPTH] if envelope.aggregate == ARTIFACT else ()
