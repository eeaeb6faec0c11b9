"""Model cards: what a version is, made from facts and a few words of its authors."""

from __future__ import annotations

from datetime import datetime

import strawberry

from services.contracts import cards as contracts
from services.gateway.types.about import AboutVersion
from services.gateway.types.node import reads


@strawberry.type(description="What no record can know, in Markdown.")
class CardWords:
    is_type_of = reads(contracts.CardWords)

    summary: str = strawberry.field(description="What it is.")
    intended_use: str = strawberry.field(description="What it is for.")
    out_of_scope: str = strawberry.field(description="What it isn't for.")
    limits: str = strawberry.field(description="Where it is weak.")
    ethics: str = strawberry.field(description="What harm it could do.")
    response_plan: str = strawberry.field(description="Who does what when it is wrong.")
    contact: str = strawberry.field(description="Whom to ask.")


@strawberry.type(description="The words of a model's cards; they count for all its versions.")
class ModelCardWords:
    is_type_of = reads(contracts.CardWordsView)

    model_name: str = strawberry.field(name="model", description="The model's name.")
    revision: int = strawberry.field(
        description="Counts their changes: the one to name as `expected`; 0 if nothing was written yet."
    )
    words: CardWords = strawberry.field(description="The words.")


@strawberry.type(description="What a version is.")
class ModelCard(AboutVersion):
    is_type_of = reads(contracts.CardView)

    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    revision: int = strawberry.field(description="Counts the version's published cards; 0 for a draft.")
    digest: str = strawberry.field(description="Of its content: the same facts and words make the same card.")
    current: bool = strawberry.field(description="Whether the facts are still those of the published card.")
    missing: list[str] = strawberry.field(description="Sections with nothing to say yet.")
    markdown: str = strawberry.field(description="The card in Markdown.")
    html: str = strawberry.field(description="The card as a page that needs nothing else.")
    published_at: datetime | None = strawberry.field(description="When it was published; null for a draft.")
    by: str = strawberry.field(description="Who published it.")


@strawberry.type(description="A published card, without its text.")
class ModelCardSummary(AboutVersion):
    is_type_of = reads(contracts.CardSummary)

    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    revision: int = strawberry.field(description="Counts the version's published cards.")
    digest: str = strawberry.field(description="Of its content.")
    missing: list[str] = strawberry.field(description="Sections with nothing to say yet.")
    published_at: datetime = strawberry.field(description="When it was published.")
    by: str = strawberry.field(description="Who published it.")
