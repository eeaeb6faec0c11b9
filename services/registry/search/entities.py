"""What can be asked about each kind of entity: its sections, attributes, operators and orders, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from services.contracts.errors import Invalid
from services.registry.search import words
from services.registry.search.lexer import Kind, Token, is_quoted, unquoted
from services.registry.search.syntax import (
    LISTING,
    MATCHING,
    ORDERING,
    PRESENCE,
    Comparison,
    Field,
    Operator,
    Section,
    Value,
)


class Scale(StrEnum):
    """How an attribute's values compare: as text, as whole numbers, as any number, or as numbers written as text."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    WHOLE_TEXT = "whole text"


@dataclass(frozen=True, slots=True)
class Attribute:
    """`path` is where the document holds it, or the tag that stands for it (`in_tag`). `lists`: IN is offered."""

    scale: Scale
    path: str
    lists: bool = False
    nullable: bool = False
    in_tag: bool = False
    operators: frozenset[Operator] | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of searchable thing. `sections`: what may stand before the first dot, and what it means."""

    name: str
    sections: Mapping[str, Section]
    attributes: Mapping[str, Attribute]
    orders: Mapping[str, Attribute]
    order_sections: frozenset[Section] = frozenset({Section.ATTRIBUTE})
    aliases: Mapping[str, str] = field(default_factory=dict)
    only_in_filters: frozenset[str] = frozenset()
    presence_sections: frozenset[Section] = frozenset()
    listing_sections: frozenset[Section] = frozenset()
    dataset_keys: frozenset[str] = frozenset()
    alternatives: bool = True
    """Whether filters may hold OR and parentheses, which MLflow doesn't have."""
    bare_text: bool = False
    """Whether text may stand without quotes."""
    words: words.Words = words.OF_RUNS

    def filter_field(self, name: str) -> Field:
        """The field that `name` (as written, such as ``params.`a b` ``) stands for. Raises Invalid."""
        found = self._field(name)
        if found.section is Section.ATTRIBUTE and found.key not in self.attributes:
            message = self.words.attribute.format(found=found.key, known=sorted(self.attributes))
            raise Invalid(message, field="filter")
        if found.section is Section.DATASET and found.key not in self.dataset_keys:
            raise Invalid(
                f"Invalid dataset key '{found.key}' specified. Valid keys are {sorted(self.dataset_keys)}",
                field="filter",
            )
        return found

    def order_field(self, name: str) -> Field:
        """The field to order by. Raises Invalid."""
        if not name:
            raise Invalid(self.words.order.format(found=name, known=sorted(self.orders)), field="order_by")
        found = self._field(name)
        if found.section is Section.ATTRIBUTE and unquoted(_split(name)[2] or name) in self.only_in_filters:
            raise Invalid(self.words.order.format(found=name, known=sorted(self.orders)), field="order_by")
        if found.section not in self.order_sections:
            message = self.words.order_section.format(section=found.section, found=name, known=sorted(self.orders))
            raise Invalid(message, field="order_by")
        if found.section is Section.ATTRIBUTE and found.key not in self.orders:
            raise Invalid(self.words.order.format(found=found.key, known=sorted(self.orders)), field="order_by")
        return found

    def _field(self, name: str) -> Field:
        head, dot, rest = _split(name)
        if not dot:
            key = unquoted(head)
            return Field(Section.ATTRIBUTE, self.aliases.get(key, key))
        section = self.sections.get(unquoted(head))
        if section is None:
            raise Invalid(self.words.section.format(found=head, known=sorted(self.sections)), field="filter")
        key = unquoted(rest)
        return Field(section, self.aliases.get(key, key) if section is Section.ATTRIBUTE else key)

    def value(self, about: Field, token: Token) -> Value:
        """The value that `token` states, of the type that `about` compares with. Raises Invalid."""
        scale = self._scale(about)
        if scale is Scale.TEXT or (scale is Scale.WHOLE_TEXT and token.kind is not Kind.NUMBER):
            text = self._text(about, token)
            return _whole(about, text) if scale is Scale.WHOLE_TEXT else text
        if token.kind is not Kind.NUMBER:
            what = "metric" if about.section is Section.METRIC else f"numeric attribute: {about.key}"
            raise Invalid(f"Expected numeric value type for {what}. Found {token.text}", field="filter")
        if scale is Scale.NUMBER:
            number = float(token.text)
            return int(number) if token.text.lstrip("+-").isdigit() else number
        return _whole(about, token.text)

    def checked(self, comparison: Comparison) -> Comparison:
        """`comparison`, if its field can be compared that way. Raises Invalid otherwise."""
        if comparison.operator not in self._operators(comparison.field):
            raise self.incomparable(comparison.field, comparison.operator.value)
        if isinstance(comparison.value, tuple) and comparison.operator not in LISTING:
            raise Invalid(f"'{comparison.operator.value}' compares with one value, not with a list", field="filter")
        if self._scale(comparison.field) is Scale.WHOLE_TEXT and isinstance(comparison.value, tuple):
            numbers = tuple(_whole(comparison.field, str(value)) for value in comparison.value)
            return Comparison(comparison.field, comparison.operator, numbers)
        return comparison

    def _text(self, about: Field, token: Token) -> str:
        if token.kind is Kind.STRING or is_quoted(token.text, '"'):
            return unquoted(token.text)
        if self.bare_text:
            return token.text
        message = words.OTHER_TEXT.get(about.section.value, self.words.text)
        if token.kind is Kind.NAME:
            message = words.NOT_QUOTED
        raise Invalid(message.format(found=token.text), field="filter")

    def incomparable(self, about: Field, operator: str) -> Invalid:
        """What to say to whoever compares `about` by an operator that isn't for it, or is none."""
        message = self.words.tag_operator if about.section is Section.TAG else self.words.operator
        if operator in PRESENCE:
            message = self.words.presence
        elif operator in LISTING and about.section is Section.ATTRIBUTE:
            message = self.words.listing
        return Invalid(
            message.format(
                found=operator,
                section=about.section.value,
                plural=next(name for name, section in self.sections.items() if section is about.section),
                key=about.key,
                allowed=sorted(allowed.value for allowed in self._operators(about)),
                known=sorted(name for name in self.attributes if Operator.IN in self._of_attribute(name)),
            ),
            field="filter",
        )

    def _scale(self, about: Field) -> Scale:
        if about.section is Section.METRIC:
            return Scale.NUMBER
        if about.section is Section.ATTRIBUTE:
            return self.attributes[about.key].scale
        return Scale.TEXT

    def _operators(self, about: Field) -> frozenset[Operator]:
        presence = PRESENCE if about.section in self.presence_sections else frozenset()
        listing = LISTING if about.section in self.listing_sections else frozenset()
        if about.section is Section.METRIC:
            return ORDERING
        if about.section is not Section.ATTRIBUTE:
            return MATCHING | presence | listing
        return self._of_attribute(about.key)

    def _of_attribute(self, name: str) -> frozenset[Operator]:
        attribute = self.attributes[name]
        if attribute.operators is not None:
            return attribute.operators
        if attribute.scale is not Scale.TEXT:
            return ORDERING
        return MATCHING | LISTING if attribute.lists else MATCHING


def _split(name: str) -> tuple[str, str, str]:
    """At the first dot outside of quotes."""
    if name[0] in '`"':
        end = name.index(name[0], 1) + 1
        return name[:end], name[end : end + 1], name[end + 1 :]
    return name.partition(".")


def _whole(about: Field, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        message = words.NO_EXPERIMENT_ID if about.key == "experiment_id" else words.NOT_WHOLE
        raise Invalid(message.format(key=about.key, found=text), field="filter") from None


_TAGS = {"tag": Section.TAG, "tags": Section.TAG}

RUNS = Entity(
    name="runs",
    sections={
        "metric": Section.METRIC,
        "metrics": Section.METRIC,
        "parameter": Section.PARAM,
        "parameters": Section.PARAM,
        "param": Section.PARAM,
        "params": Section.PARAM,
        **_TAGS,
        "attribute": Section.ATTRIBUTE,
        "attributes": Section.ATTRIBUTE,
        "attr": Section.ATTRIBUTE,
        "run": Section.ATTRIBUTE,
        "dataset": Section.DATASET,
        "datasets": Section.DATASET,
    },
    attributes=(
        _run_attributes := {
            "run_id": Attribute(Scale.TEXT, "_id", lists=True),
            "run_name": Attribute(Scale.TEXT, "mlflow.runName", in_tag=True),
            "user_id": Attribute(Scale.TEXT, "user"),
            "status": Attribute(Scale.TEXT, "status"),
            "artifact_uri": Attribute(Scale.TEXT, "artifact_uri"),
            "start_time": Attribute(Scale.NUMBER, "start_time"),
            "end_time": Attribute(Scale.NUMBER, "end_time", nullable=True),
        }
    ),
    orders={**_run_attributes, "run_name": Attribute(Scale.TEXT, "name")},
    order_sections=frozenset({Section.ATTRIBUTE, Section.METRIC, Section.PARAM, Section.TAG}),
    aliases={
        "created": "start_time",
        "Created": "start_time",
        "run name": "run_name",
        "Run name": "run_name",
        "Run Name": "run_name",
    },
    only_in_filters=frozenset({"run name", "Run name", "Run Name"}),
    presence_sections=frozenset({Section.PARAM, Section.TAG}),
    listing_sections=frozenset({Section.DATASET}),
    dataset_keys=frozenset({"name", "digest", "context"}),
)

EXPERIMENTS = Entity(
    name="experiments",
    sections={"attribute": Section.ATTRIBUTE, **_TAGS},
    attributes=(
        _experiment_attributes := {
            "name": Attribute(Scale.TEXT, "name"),
            "experiment_id": Attribute(
                Scale.WHOLE_TEXT, "number", operators=frozenset({Operator.EQ, Operator.NE, *LISTING})
            ),
            "creation_time": Attribute(Scale.WHOLE, "created"),
            "last_update_time": Attribute(Scale.WHOLE, "updated"),
        }
    ),
    orders=_experiment_attributes,
    words=words.OF_EXPERIMENTS,
    presence_sections=frozenset({Section.TAG}),
)

MODELS = Entity(
    name="registered models",
    sections={"attribute": Section.ATTRIBUTE, **_TAGS},
    attributes={"name": Attribute(Scale.TEXT, "_id", lists=True)},
    orders={
        "name": Attribute(Scale.TEXT, "_id"),
        "timestamp": Attribute(Scale.WHOLE, "updated"),
        "last_updated_timestamp": Attribute(Scale.WHOLE, "updated"),
    },
    words=words.OF_REGISTERED,
)

VERSIONS = Entity(
    name="model versions",
    sections={"attribute": Section.ATTRIBUTE, **_TAGS},
    attributes={
        "name": Attribute(Scale.TEXT, "name", lists=True),
        "version_number": Attribute(Scale.WHOLE_TEXT, "version", operators=ORDERING),
        "run_id": Attribute(Scale.TEXT, "run_id", lists=True, nullable=True),
        "source_path": Attribute(Scale.TEXT, "source"),
    },
    orders={
        "name": Attribute(Scale.TEXT, "name"),
        "version_number": Attribute(Scale.WHOLE, "version"),
        "creation_timestamp": Attribute(Scale.WHOLE, "created"),
        "last_updated_timestamp": Attribute(Scale.WHOLE, "updated"),
    },
    words=words.OF_VERSIONS,
)

LOGGED_MODELS = Entity(
    name="logged models",
    sections={
        "attributes": Section.ATTRIBUTE,
        "metrics": Section.METRIC,
        "params": Section.PARAM,
        "tags": Section.TAG,
    },
    attributes=(
        _logged_model_attributes := {
            "model_id": Attribute(Scale.TEXT, "_id", lists=True),
            "experiment_id": Attribute(Scale.TEXT, "experiment_id", lists=True),
            "name": Attribute(Scale.TEXT, "name", lists=True),
            "artifact_location": Attribute(Scale.TEXT, "artifact_location", lists=True),
            "creation_timestamp_ms": Attribute(Scale.NUMBER, "created"),
            "last_updated_timestamp_ms": Attribute(Scale.NUMBER, "updated"),
            "status": Attribute(Scale.TEXT, "status", lists=True),
            "lifecycle_stage": Attribute(Scale.TEXT, "lifecycle_stage", lists=True),
            "model_type": Attribute(Scale.TEXT, "model_type", lists=True, nullable=True),
            "source_run_id": Attribute(Scale.TEXT, "source_run_id", lists=True, nullable=True),
            "status_message": Attribute(Scale.TEXT, "status_message", lists=True, nullable=True),
        }
    ),
    orders=_logged_model_attributes,
    order_sections=frozenset({Section.ATTRIBUTE, Section.METRIC}),
    aliases={
        "creation_time": "creation_timestamp_ms",
        "creation_timestamp": "creation_timestamp_ms",
        "last_updated_timestamp": "last_updated_timestamp_ms",
    },
    listing_sections=frozenset({Section.PARAM, Section.TAG}),
    bare_text=True,
    alternatives=False,  # MLflow's clients count on OR being refused here
    words=words.OF_LOGGED_MODELS,
)
