"""Typed filters of the lists beside runs, models and versions."""

from __future__ import annotations

import strawberry

from services.gateway.types.alerts import AlertState, Severity
from services.gateway.types.filters import KeyedFilter, NumberFilter, TextFilter, TimeFilter
from services.gateway.types.retraining import RetrainingState
from services.gateway.types.reviews import ReviewState


@strawberry.input(description="Which experiments: all that is said has to hold.")
class ExperimentFilter:
    and_: list[ExperimentFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[ExperimentFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: ExperimentFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    name: TextFilter | None = strawberry.field(default=None, description="Their names.")
    lifecycle_stage: TextFilter | None = strawberry.field(default=None, description="`active` or `deleted`.")
    created_at: TimeFilter | None = strawberry.field(default=None, description="When they were created.")
    updated_at: TimeFilter | None = strawberry.field(default=None, description="When they were last changed.")
    tags: list[KeyedFilter] | None = strawberry.field(default=None, description="Their tags.")


@strawberry.input(description="Which events: all that is said has to hold.")
class EventFilter:
    and_: list[EventFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[EventFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: EventFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    type: TextFilter | None = strawberry.field(
        default=None, description="Their types, such as `registry.run.started.v1`."
    )
    service: TextFilter | None = strawberry.field(default=None, description="The services that say so.")
    aggregate: TextFilter | None = strawberry.field(default=None, description="The kinds of thing that they are about.")
    aggregate_id: TextFilter | None = strawberry.field(default=None, description="The things that they are about.")
    actor: TextFilter | None = strawberry.field(default=None, description="Who did it.")
    correlation_id: TextFilter | None = strawberry.field(
        default=None, description="The requests that they followed from."
    )
    data: TextFilter | None = strawberry.field(default=None, description="Their contents, as JSON text.")
    time: TimeFilter | None = strawberry.field(default=None, description="When they happened.")


@strawberry.input(description="Which projects: all that is said has to hold.")
class ProjectFilter:
    and_: list[ProjectFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[ProjectFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: ProjectFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    name: TextFilter | None = strawberry.field(default=None, description="Their names.")
    description: TextFilter | None = strawberry.field(default=None, description="What they are for.")
    archived: bool | None = strawberry.field(
        default=None, description="Whether they are put away; give `withArchived` as well."
    )
    created_by: TextFilter | None = strawberry.field(default=None, description="Who made them.")
    created_at: TimeFilter | None = strawberry.field(default=None, description="When they were made.")
    updated_at: TimeFilter | None = strawberry.field(default=None, description="When they last changed.")


@strawberry.input(description="Which insights: all that is said has to hold.")
class InsightFilter:
    and_: list[InsightFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[InsightFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: InsightFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    title: TextFilter | None = strawberry.field(default=None, description="Their titles.")
    text: TextFilter | None = strawberry.field(default=None, description="Their texts.")
    author: TextFilter | None = strawberry.field(default=None, description="Who wrote them.")
    links: TextFilter | None = strawberry.field(default=None, description="What they are about, as `kind/id`.")
    created_at: TimeFilter | None = strawberry.field(default=None, description="When they were written.")
    updated_at: TimeFilter | None = strawberry.field(default=None, description="When they were last changed.")


@strawberry.input(description="Which entries of the audit trail: all that is said has to hold.")
class AuditFilter:
    and_: list[AuditFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[AuditFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: AuditFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    user: TextFilter | None = strawberry.field(default=None, description="Who did it.")
    action: TextFilter | None = strawberry.field(default=None, description="What was done.")
    role: TextFilter | None = strawberry.field(default=None, description="What the user was.")
    via: TextFilter | None = strawberry.field(default=None, description="How the user was known.")
    correlation_id: TextFilter | None = strawberry.field(
        default=None, description="The requests that they followed from."
    )
    time: TimeFilter | None = strawberry.field(default=None, description="When it was done.")


@strawberry.input(description="Which datasets: all that is said has to hold.")
class DatasetFilter:
    and_: list[DatasetFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[DatasetFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: DatasetFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    name: TextFilter | None = strawberry.field(default=None, description="Their names.")
    source: TextFilter | None = strawberry.field(default=None, description="Where any of their versions comes from.")
    versions: NumberFilter | None = strawberry.field(default=None, description="How many versions they have.")
    created_at: TimeFilter | None = strawberry.field(default=None, description="When they were first registered.")
    updated_at: TimeFilter | None = strawberry.field(
        default=None, description="When their newest version was registered."
    )


@strawberry.input(description="Which versions of a dataset: all that is said has to hold.")
class DatasetVersionFilter:
    and_: list[DatasetVersionFilter] | None = strawberry.field(
        name="and", default=None, description="All of these hold."
    )
    or_: list[DatasetVersionFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: DatasetVersionFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    digest: TextFilter | None = strawberry.field(default=None, description="Their digests.")
    number: NumberFilter | None = strawberry.field(default=None, description="Their numbers.")
    origin: TextFilter | None = strawberry.field(
        default=None, description="How they became known, such as `upload` or `run`."
    )
    by: TextFilter | None = strawberry.field(default=None, description="Who registered them.")
    description: TextFilter | None = strawberry.field(default=None, description="What they are.")
    format: TextFilter | None = strawberry.field(default=None, description="Their file formats.")
    source: TextFilter | None = strawberry.field(default=None, description="Where they come from.")
    target: TextFilter | None = strawberry.field(default=None, description="The columns to be predicted.")
    rows: NumberFilter | None = strawberry.field(default=None, description="How many rows they have.")
    size: NumberFilter | None = strawberry.field(default=None, description="Their bytes.")
    sealed: bool | None = strawberry.field(default=None, description="Whether they are for the final evaluation only.")
    profiled: bool | None = strawberry.field(default=None, description="Whether they have a profile.")
    created_at: TimeFilter | None = strawberry.field(default=None, description="When they were registered.")


@strawberry.input(description="Which data sources: all that is said has to hold.")
class DataSourceFilter:
    and_: list[DataSourceFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[DataSourceFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: DataSourceFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    name: TextFilter | None = strawberry.field(default=None, description="Their names.")
    description: TextFilter | None = strawberry.field(default=None, description="What they are.")
    owner: TextFilter | None = strawberry.field(default=None, description="Who answers for them.")
    licence: TextFilter | None = strawberry.field(default=None, description="What they may be used for.")
    legal_basis: TextFilter | None = strawberry.field(default=None, description="Why they may be used.")
    personal_data: TextFilter | None = strawberry.field(
        default=None, description="Whether they hold personal data: `none`, `pseudonymous`, …"
    )
    created_at: TimeFilter | None = strawberry.field(default=None, description="When they were first described.")
    updated_at: TimeFilter | None = strawberry.field(default=None, description="When they were last described.")


@strawberry.input(description="Which uses of a dataset version: all that is said has to hold.")
class DatasetUseFilter:
    and_: list[DatasetUseFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[DatasetUseFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: DatasetUseFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    experiment_id: TextFilter | None = strawberry.field(default=None, description="The experiments of the runs.")
    context: TextFilter | None = strawberry.field(default=None, description="What the runs used it for.")
    sealed: bool | None = strawberry.field(default=None, description="Whether it was sealed by then.")
    at: TimeFilter | None = strawberry.field(default=None, description="When.")


@strawberry.input(description="Which evaluations: all that is said has to hold.")
class EvaluationFilter:
    and_: list[EvaluationFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[EvaluationFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: EvaluationFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    split: TextFilter | None = strawberry.field(default=None, description="The names of the splits.")
    sealed: bool | None = strawberry.field(
        default=None, description="Whether the split is for the final evaluation only."
    )
    at: TimeFilter | None = strawberry.field(default=None, description="When they were recorded.")


@strawberry.input(description="Which results of gates: all that is said has to hold.")
class GateResultFilter:
    and_: list[GateResultFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[GateResultFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: GateResultFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    model: TextFilter | None = strawberry.field(default=None, description="The models' names.")
    version: TextFilter | None = strawberry.field(default=None, description="The versions' numbers.")
    project_id: TextFilter | None = strawberry.field(default=None, description="The projects whose policy it was.")
    passed: bool | None = strawberry.field(default=None, description="Whether all gates were passed.")
    by: TextFilter | None = strawberry.field(default=None, description="Who had them judged.")
    at: TimeFilter | None = strawberry.field(default=None, description="When.")


@strawberry.input(description="Which reviews: all that is said has to hold.")
class ReviewFilter:
    and_: list[ReviewFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[ReviewFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: ReviewFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    model: TextFilter | None = strawberry.field(default=None, description="The models' names.")
    version: TextFilter | None = strawberry.field(default=None, description="The versions' numbers.")
    state: list[ReviewState] | None = strawberry.field(default=None, description="Where they stand: one of these.")
    requested_by: TextFilter | None = strawberry.field(default=None, description="Who asked for them.")
    author: TextFilter | None = strawberry.field(default=None, description="Who made the versions.")
    reviewer: TextFilter | None = strawberry.field(default=None, description="Who was asked to decide.")
    requested_at: TimeFilter | None = strawberry.field(default=None, description="When they were asked for.")
    updated_at: TimeFilter | None = strawberry.field(default=None, description="When they last changed.")


@strawberry.input(description="Which requests for retraining: all that is said has to hold.")
class RetrainingFilter:
    and_: list[RetrainingFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[RetrainingFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: RetrainingFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    model: TextFilter | None = strawberry.field(default=None, description="The models' names.")
    version: TextFilter | None = strawberry.field(default=None, description="The versions' numbers.")
    state: list[RetrainingState] | None = strawberry.field(default=None, description="Where they stand: one of these.")
    cause: TextFilter | None = strawberry.field(default=None, description="What led to them: `alert` or `person`.")
    requested_by: TextFilter | None = strawberry.field(default=None, description="Who asked for them.")
    run_id: TextFilter | None = strawberry.field(default=None, description="The runs that answered them.")
    reason: TextFilter | None = strawberry.field(default=None, description="Why.")
    requested_at: TimeFilter | None = strawberry.field(default=None, description="When they were asked for.")


@strawberry.input(description="Which model cards: all that is said has to hold.")
class ModelCardFilter:
    and_: list[ModelCardFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[ModelCardFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: ModelCardFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    model: TextFilter | None = strawberry.field(default=None, description="The models' names.")
    version: TextFilter | None = strawberry.field(default=None, description="The versions' numbers.")
    revision: NumberFilter | None = strawberry.field(default=None, description="How often they were published.")
    by: TextFilter | None = strawberry.field(default=None, description="Who published them.")
    published_at: TimeFilter | None = strawberry.field(default=None, description="When.")


@strawberry.input(description="Which alerts: all that is said has to hold.")
class AlertFilter:
    and_: list[AlertFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[AlertFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: AlertFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    model: TextFilter | None = strawberry.field(default=None, description="The models' names.")
    version: TextFilter | None = strawberry.field(default=None, description="The versions' numbers.")
    rule: TextFilter | None = strawberry.field(default=None, description="The rules that fired.")
    metric: TextFilter | None = strawberry.field(default=None, description="What the rules watch.")
    title: TextFilter | None = strawberry.field(default=None, description="What they are, in a line.")
    severity: list[Severity] | None = strawberry.field(default=None, description="How much they matter: one of these.")
    state: list[AlertState] | None = strawberry.field(default=None, description="Where they stand: one of these.")
    acknowledged_by: TextFilter | None = strawberry.field(default=None, description="Who takes care.")
    opened_at: TimeFilter | None = strawberry.field(default=None, description="When they were opened, by the clock.")
    first_window: TimeFilter | None = strawberry.field(
        default=None, description="Start of the first window that fired."
    )
    last_window: TimeFilter | None = strawberry.field(
        default=None, description="Start of the newest window that fired."
    )


@strawberry.input(description="Which saved views: all that is said has to hold.")
class SavedViewFilter:
    and_: list[SavedViewFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[SavedViewFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: SavedViewFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    title: TextFilter | None = strawberry.field(default=None, description="Their titles.")
    page: TextFilter | None = strawberry.field(default=None, description="The pages that they are of.")
    project_id: TextFilter | None = strawberry.field(default=None, description="The projects that they are of.")
    created_at: TimeFilter | None = strawberry.field(default=None, description="When they were first saved.")
    updated_at: TimeFilter | None = strawberry.field(default=None, description="When they were last saved.")


@strawberry.input(description="Which files and directories: all that is said has to hold.")
class ArtifactFilter:
    and_: list[ArtifactFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[ArtifactFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: ArtifactFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    name: TextFilter | None = strawberry.field(default=None, description="Their names.")
    size: NumberFilter | None = strawberry.field(default=None, description="Their bytes; a directory counts as -1.")
    is_directory: bool | None = strawberry.field(default=None, description="Whether they are directories.")
    stored_at: TimeFilter | None = strawberry.field(
        default=None, description="When they were stored; a directory counts as stored before all files."
    )


@strawberry.input(description="Which messages to a webhook: all that is said has to hold.")
class WebhookDeliveryFilter:
    and_: list[WebhookDeliveryFilter] | None = strawberry.field(
        name="and", default=None, description="All of these hold."
    )
    or_: list[WebhookDeliveryFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: WebhookDeliveryFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    type: TextFilter | None = strawberry.field(default=None, description="The types of their events.")
    made_at: TimeFilter | None = strawberry.field(default=None, description="When they were put into the queue.")
    due_at: TimeFilter | None = strawberry.field(default=None, description="When they are tried next.")
    attempts: NumberFilter | None = strawberry.field(default=None, description="How often they were tried.")
