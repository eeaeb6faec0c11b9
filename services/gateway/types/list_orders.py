"""Typed orders of the lists beside runs, models and versions."""

from __future__ import annotations

from enum import Enum

import strawberry
from strawberry import enum_value


@strawberry.enum(description="What experiments are ordered by.")
class ExperimentOrderBy(Enum):
    NAME = enum_value("name", description="Their names.")
    CREATED_AT = enum_value("created_at", description="When they were created.")
    UPDATED_AT = enum_value("updated_at", description="When they were last changed.")


@strawberry.input(description="The order of experiments.")
class ExperimentOrder:
    by: ExperimentOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.enum(description="What events are ordered by.")
class EventOrderBy(Enum):
    TIME = enum_value("time", description="When they happened.")
    TYPE = enum_value("type", description="Their types.")
    ACTOR = enum_value("actor", description="Who did it.")


@strawberry.input(description="The order of events.")
class EventOrder:
    by: EventOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.enum(description="What projects are ordered by.")
class ProjectOrderBy(Enum):
    NAME = enum_value("name", description="Their names.")
    CREATED_AT = enum_value("created_at", description="When they were made.")
    UPDATED_AT = enum_value("updated_at", description="When they last changed.")


@strawberry.input(description="The order of projects.")
class ProjectOrder:
    by: ProjectOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.enum(description="What insights are ordered by.")
class InsightOrderBy(Enum):
    TITLE = enum_value("title", description="Their titles.")
    AUTHOR = enum_value("author", description="Who wrote them.")
    CREATED_AT = enum_value("created_at", description="When they were written.")
    UPDATED_AT = enum_value("updated_at", description="When they were last changed.")


@strawberry.input(description="The order of insights.")
class InsightOrder:
    by: InsightOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.enum(description="What entries of the audit trail are ordered by.")
class AuditOrderBy(Enum):
    TIME = enum_value("time", description="When it was done.")
    USER = enum_value("user", description="Who did it.")
    ACTION = enum_value("action", description="What was done.")


@strawberry.input(description="The order of entries of the audit trail.")
class AuditOrder:
    by: AuditOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.enum(description="What datasets are ordered by.")
class DatasetOrderBy(Enum):
    NAME = enum_value("name", description="Their names.")
    VERSIONS = enum_value("versions", description="How many versions they have.")
    CREATED_AT = enum_value("created_at", description="When they were first registered.")
    UPDATED_AT = enum_value("updated_at", description="When their newest version was registered.")


@strawberry.input(description="The order of datasets.")
class DatasetOrder:
    by: DatasetOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.enum(description="What versions of a dataset are ordered by.")
class DatasetVersionOrderBy(Enum):
    NUMBER = enum_value("number", description="Their numbers.")
    CREATED_AT = enum_value("created_at", description="When they were registered.")
    BY = enum_value("by", description="Who registered them.")


@strawberry.input(description="The order of versions of a dataset.")
class DatasetVersionOrder:
    by: DatasetVersionOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.enum(description="What data sources are ordered by.")
class DataSourceOrderBy(Enum):
    NAME = enum_value("name", description="Their names.")
    OWNER = enum_value("owner", description="Who answers for them.")
    UPDATED_AT = enum_value("updated_at", description="When they were last described.")


@strawberry.input(description="The order of data sources.")
class DataSourceOrder:
    by: DataSourceOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.enum(description="What uses of a dataset version are ordered by.")
class DatasetUseOrderBy(Enum):
    AT = enum_value("at", description="When.")


@strawberry.input(description="The order of uses of a dataset version.")
class DatasetUseOrder:
    by: DatasetUseOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.enum(description="What evaluations are ordered by.")
class EvaluationOrderBy(Enum):
    AT = enum_value("at", description="When they were recorded.")
    SPLIT = enum_value("split", description="The names of the splits.")


@strawberry.input(description="The order of evaluations.")
class EvaluationOrder:
    by: EvaluationOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.enum(description="What results of gates are ordered by.")
class GateResultOrderBy(Enum):
    AT = enum_value("at", description="When.")
    MODEL = enum_value("model", description="The models' names.")
    PASSED = enum_value("passed", description="Whether all gates were passed.")


@strawberry.input(description="The order of results of gates.")
class GateResultOrder:
    by: GateResultOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.enum(description="What reviews are ordered by.")
class ReviewOrderBy(Enum):
    REQUESTED_AT = enum_value("requested_at", description="When they were asked for.")
    UPDATED_AT = enum_value("updated_at", description="When they last changed.")
    MODEL = enum_value("model", description="The models' names.")


@strawberry.input(description="The order of reviews.")
class ReviewOrder:
    by: ReviewOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.enum(description="What requests for retraining are ordered by.")
class RetrainingOrderBy(Enum):
    REQUESTED_AT = enum_value("requested_at", description="When they were asked for.")
    MODEL = enum_value("model", description="The models' names.")


@strawberry.input(description="The order of requests for retraining.")
class RetrainingOrder:
    by: RetrainingOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.enum(description="What model cards are ordered by.")
class ModelCardOrderBy(Enum):
    PUBLISHED_AT = enum_value("published_at", description="When.")
    MODEL = enum_value("model", description="The models' names.")


@strawberry.input(description="The order of model cards.")
class ModelCardOrder:
    by: ModelCardOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.enum(description="What alerts are ordered by.")
class AlertOrderBy(Enum):
    OPENED_AT = enum_value("opened_at", description="When they were opened, by the clock.")
    LAST_WINDOW = enum_value("last_window", description="Start of the newest window that fired.")
    MODEL = enum_value("model", description="The models' names.")
    STATE = enum_value("state", description="Where they stand, by the word for it.")


@strawberry.input(description="The order of alerts.")
class AlertOrder:
    by: AlertOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.enum(description="What saved views are ordered by.")
class SavedViewOrderBy(Enum):
    TITLE = enum_value("title", description="Their titles.")
    PAGE = enum_value("page", description="The pages that they are of.")
    CREATED_AT = enum_value("created_at", description="When they were first saved.")
    UPDATED_AT = enum_value("updated_at", description="When they were last saved.")


@strawberry.input(description="The order of saved views.")
class SavedViewOrder:
    by: SavedViewOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.enum(description="What files and directories are ordered by.")
class ArtifactOrderBy(Enum):
    NAME = enum_value("name", description="Their names.")
    SIZE = enum_value("size", description="Their bytes, directories first.")
    STORED_AT = enum_value("stored_at", description="When they were stored, directories first.")


@strawberry.input(description="The order of files and directories.")
class ArtifactOrder:
    by: ArtifactOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.enum(description="What messages to a webhook are ordered by.")
class WebhookDeliveryOrderBy(Enum):
    TYPE = enum_value("type", description="The types of their events.")
    MADE_AT = enum_value("made_at", description="When they were put into the queue.")
    DUE_AT = enum_value("due_at", description="When they are tried next.")
    ATTEMPTS = enum_value("attempts", description="How often they were tried.")


@strawberry.input(description="The order of messages to a webhook.")
class WebhookDeliveryOrder:
    by: WebhookDeliveryOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")
