"""Lineage, reproduction and model cards: what can be asked and changed of them."""

from __future__ import annotations

from typing import Annotated

import strawberry

from services.contracts import cards, lineage, reproduction
from services.contracts.errors import Invalid
from services.contracts.paging import Page
from services.gateway.conditions import condition, ordering
from services.gateway.inputs import cards as card_inputs
from services.gateway.inputs import reproduction as reproduction_inputs
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.types.arguments import ModelName, SomeModelName, SomeVersionNumber
from services.gateway.types.cards import ModelCard, ModelCardSummary, ModelCardWords
from services.gateway.types.commands import Outcome, Payload, WrittenPayload, answered, commanded, plain
from services.gateway.types.fields import viewed
from services.gateway.types.limits import Size
from services.gateway.types.lineage import Lineage, LineageDirection, LineageNodeKind
from services.gateway.types.list_filters import ModelCardFilter
from services.gateway.types.list_orders import ModelCardOrder
from services.gateway.types.node import reads
from services.gateway.types.paging import After, Before, Connection, First, Last, Sort, Where, paging
from services.gateway.types.reproduction import Reproducibility, ReproductionPlan

DEFAULT_NODES = 200
MAX_NODES = 1_000
"""More than that nobody can look at, and one answer over NATS couldn't carry it."""

RunId = Annotated[str, strawberry.argument(description="The run.")]


async def _lineage(
    info: Info,
    kind: Annotated[LineageNodeKind, strawberry.argument(description="What to start from.")],
    id_: Annotated[str, strawberry.argument(name="id", description="Which one; a version is `model/3`.")],
    direction: Annotated[LineageDirection, strawberry.argument(description="Where to walk.")] = LineageDirection.BOTH,
    depth: Annotated[int, strawberry.argument(description=f"At most so many steps, 1 to {lineage.MAX_DEPTH}.")] = 10,
    kinds: Annotated[
        list[LineageNodeKind] | None, strawberry.argument(description="Only show these; all if unsaid.")
    ] = None,
    through: Annotated[bool, strawberry.argument(description="Whether ways lead through what isn't shown.")] = True,
    most: Annotated[
        int | None,
        strawberry.argument(description=f"At most so many nodes, 1 to {MAX_NODES}; {DEFAULT_NODES} if unsaid."),
    ] = None,
) -> lineage.LineageView:
    most = DEFAULT_NODES if most is None else most
    if not 1 <= most <= MAX_NODES:
        raise Invalid(f"`most` is {most}", field="most", fix=f"Ask for 1 to {MAX_NODES} nodes.")
    return await info.context.ask(
        lineage.WalkLineage(
            start=plain_ref(kind, id_),
            direction=plain(direction, lineage.Direction),  # type: ignore[arg-type]  # a Literal is no class
            depth=depth,
            kinds=None if kinds is None else plain(kinds, list[lineage.NodeKind]),
            through=through,
            most=most,
        )
    )


def plain_ref(kind: LineageNodeKind, id_: str) -> lineage.NodeRef:
    """What to start from, as the contract has it."""
    return plain({"kind": kind, "id": id_}, lineage.NodeRef)


async def _reproducibility(info: Info, run_id: RunId) -> reproduction.ReproducibilityView:
    return await info.context.ask(reproduction.GetReproducibility(run_id=run_id))


async def _plan(info: Info, run_id: RunId) -> reproduction.ReproductionPlan:
    return await info.context.ask(reproduction.PlanReproduction(run_id=run_id))


async def _card(
    info: Info,
    model: ModelName,
    version: Annotated[str, strawberry.argument(description="Its number, or an alias such as `@champion`.")],
    revision: Annotated[
        int | None, strawberry.argument(description="This published one; the newest if unsaid.")
    ] = None,
    draft: Annotated[bool, strawberry.argument(description="As it would be if it were published now.")] = False,
) -> cards.CardView:
    return await info.context.ask(cards.GetCard(model_name=model, version=version, revision=revision, draft=draft))


async def _words(info: Info, model: ModelName) -> cards.CardWordsView:
    return await info.context.ask(cards.GetCardWords(model_name=model))


async def _cards(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    model: SomeModelName = None,
    version: SomeVersionNumber = None,
    where: Where[ModelCardFilter] = None,
    sort: Sort[ModelCardOrder] = None,
) -> Page[cards.CardSummary]:
    asked = paging(first, after, last, before, Selected.of(info))
    return await info.context.ask(
        cards.ListCards(where=condition(where), order=ordering(sort), paging=asked, model_name=model, version=version)
    )


@strawberry.type
class HistoryQueries:
    """What can be asked."""

    lineage: Lineage | None = viewed(
        resolver=_lineage,
        description="What led to something, and what came of it: from data to the alert in production and back.",
    )
    reproducibility: Reproducibility | None = viewed(
        resolver=_reproducibility, description="How well a run can be made again, and what came of trying."
    )
    reproduction_plan: ReproductionPlan | None = viewed(
        resolver=_plan, description="All that is known for making a run again."
    )
    model_card: ModelCard | None = viewed(
        resolver=_card, description="What a version is: its newest published card, or a draft if there is none."
    )
    model_card_words: ModelCardWords | None = viewed(
        resolver=_words, description="What the authors of a model say in all its cards."
    )
    model_cards: Connection[ModelCardSummary] | None = viewed(
        resolver=_cards, size=Size(asks=True), description="Published cards, newest first."
    )


async def _repeated(parent: strawberry.Parent[Outcome], info: Info) -> reproduction.ReproducibilityView | None:
    if parent.answer is None or not isinstance(parent.request, reproduction.RecordReproduction):
        return None
    return await _reproducibility(info, parent.request.run_id)


@strawberry.type(description="What recording a repeat did.")
class ReproductionPayload(WrittenPayload):
    is_type_of = reads(Outcome)

    reproducibility: Reproducibility | None = viewed(
        resolver=_repeated, description="What is known of the run now; null if there were errors."
    )


async def _written(parent: strawberry.Parent[Outcome], info: Info) -> cards.CardWordsView | None:
    if parent.answer is None or not isinstance(parent.request, cards.WriteCard):
        return None
    return await _words(info, parent.request.model_name)


@strawberry.type(description="What writing words for cards did.")
class ModelCardWordsPayload(WrittenPayload):
    is_type_of = reads(Outcome)

    model_card_words: ModelCardWords | None = viewed(
        resolver=_written, description="The words now; null if there were errors."
    )


@strawberry.type(description="What publishing a card did.")
class ModelCardPayload(Payload):
    is_type_of = reads(Outcome)

    model_card: ModelCardSummary | None = viewed(
        resolver=answered, description="The newest card, which may be an older one; null if there were errors."
    )


@strawberry.type
class HistoryMutations:
    """What can be changed."""

    record_reproduction: ReproductionPayload = commanded(
        reproduction_inputs.RecordReproductionInput,
        reproduction.RecordReproduction,
        "Records what came of making a run again.",
    )
    write_model_card: ModelCardWordsPayload = commanded(
        card_inputs.WriteCardInput, cards.WriteCard, "Sets what the authors say in a model's cards."
    )
    publish_model_card: ModelCardPayload = commanded(
        card_inputs.PublishCardInput,
        cards.PublishCard,
        "Publishes a version's card from the facts as they are now.",
    )
