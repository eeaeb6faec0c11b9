"""What mutations of model cards take."""

from __future__ import annotations

import strawberry

from services.gateway.types.commands import EXPECTED_DESCRIPTION, KEY_DESCRIPTION


@strawberry.input(description="What no record can know, in Markdown.")
class CardWordsInput:
    summary: str | None = strawberry.field(default=None, description="What it is.")
    intended_use: str | None = strawberry.field(default=None, description="What it is for.")
    out_of_scope: str | None = strawberry.field(default=None, description="What it isn't for.")
    limits: str | None = strawberry.field(default=None, description="Where it is weak.")
    ethics: str | None = strawberry.field(default=None, description="What harm it could do.")
    response_plan: str | None = strawberry.field(default=None, description="Who does what when it is wrong.")
    contact: str | None = strawberry.field(default=None, description="Whom to ask.")


@strawberry.input(description="The words of a model's cards; they count for all its versions.")
class WriteCardInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    words: CardWordsInput = strawberry.field(description="The words.")
    expected: int | None = strawberry.field(default=None, description=EXPECTED_DESCRIPTION)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A version whose card is to be made from the facts as they are now.")
class PublishCardInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)
