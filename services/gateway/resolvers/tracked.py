"""Experiments, runs, models and versions: what can be changed of them."""

from __future__ import annotations

import strawberry

from services.contracts import registry
from services.gateway.inputs import experiments as experiment_inputs
from services.gateway.inputs import models as model_inputs
from services.gateway.inputs import runs as run_inputs
from services.gateway.types.commands import Outcome, Payload, answered, commanded
from services.gateway.types.experiments import Experiment
from services.gateway.types.fields import viewed
from services.gateway.types.models import Model, ModelVersion
from services.gateway.types.node import reads
from services.gateway.types.runs import Run


@strawberry.type(description="What a change of an experiment did.")
class ExperimentPayload(Payload):
    is_type_of = reads(Outcome)

    experiment: Experiment | None = viewed(
        resolver=answered, description="The experiment now; null if there were errors."
    )


@strawberry.type(description="What a change of a run did.")
class RunPayload(Payload):
    is_type_of = reads(Outcome)

    run: Run | None = viewed(resolver=answered, description="The run now; null if there were errors.")


def _model(parent: strawberry.Parent[Outcome]) -> registry.ModelView | None:
    return parent.answer if isinstance(parent.answer, registry.ModelView) else None


@strawberry.type(description="What a change of a model did.")
class ModelPayload(Payload):
    is_type_of = reads(Outcome)

    model: Model | None = viewed(
        resolver=_model, description="The model now; null if there were errors or it was deleted."
    )


def _version(parent: strawberry.Parent[Outcome]) -> registry.VersionView | None:
    return parent.answer if isinstance(parent.answer, registry.VersionView) else None


@strawberry.type(description="What a change of a model version did.")
class ModelVersionPayload(Payload):
    is_type_of = reads(Outcome)

    model_version: ModelVersion | None = viewed(
        resolver=_version, description="The version now; null if there were errors or it was deleted."
    )


@strawberry.type
class TrackedMutations:
    """What can be changed."""

    create_experiment: ExperimentPayload = commanded(
        experiment_inputs.CreateExperimentInput, registry.CreateExperiment, "Makes an experiment."
    )
    rename_experiment: ExperimentPayload = commanded(
        experiment_inputs.RenameExperimentInput, registry.RenameExperiment, "Gives an experiment another name."
    )
    describe_experiment: ExperimentPayload = commanded(
        experiment_inputs.DescribeExperimentInput, registry.DescribeExperiment, "Says what an experiment is about."
    )
    set_experiment_tag: ExperimentPayload = commanded(
        experiment_inputs.SetExperimentTagInput, registry.SetExperimentTag, "Sets a tag of an experiment."
    )
    delete_experiment_tag: ExperimentPayload = commanded(
        experiment_inputs.DeleteExperimentTagInput, registry.DeleteExperimentTag, "Removes a tag of an experiment."
    )
    delete_experiment: ExperimentPayload = commanded(
        experiment_inputs.DeleteExperimentInput,
        registry.DeleteExperiment,
        "Deletes an experiment with its runs; it can be restored until it is purged.",
    )
    restore_experiment: ExperimentPayload = commanded(
        experiment_inputs.RestoreExperimentInput,
        registry.RestoreExperiment,
        "Brings a deleted experiment back, with its runs.",
    )
    rename_run: RunPayload = commanded(run_inputs.RenameRunInput, registry.RenameRun, "Gives a run another name.")
    describe_run: RunPayload = commanded(run_inputs.DescribeRunInput, registry.DescribeRun, "Says what a run is about.")
    set_run_tag: RunPayload = commanded(run_inputs.SetRunTagInput, registry.SetRunTag, "Sets a tag of a run.")
    delete_run_tag: RunPayload = commanded(
        run_inputs.DeleteRunTagInput, registry.DeleteRunTag, "Removes a tag of a run."
    )
    end_run: RunPayload = commanded(
        run_inputs.EndRunInput,
        registry.EndRun,
        "Says that a run has ended whose program is gone; no program is stopped.",
    )
    delete_run: RunPayload = commanded(
        run_inputs.DeleteRunInput, registry.DeleteRun, "Deletes a run; it can be restored until it is purged."
    )
    restore_run: RunPayload = commanded(run_inputs.RestoreRunInput, registry.RestoreRun, "Brings a deleted run back.")
    register_model: ModelPayload = commanded(
        model_inputs.RegisterModelInput, registry.RegisterModel, "Registers a model."
    )
    rename_model: ModelPayload = commanded(
        model_inputs.RenameModelInput,
        registry.RenameModel,
        "Gives a model another name; versions, reviews and deployments come along.",
    )
    describe_model: ModelPayload = commanded(
        model_inputs.DescribeModelInput, registry.DescribeModel, "Says what a model is for."
    )
    set_model_tag: ModelPayload = commanded(
        model_inputs.SetModelTagInput, registry.SetModelTag, "Sets a tag of a model."
    )
    delete_model_tag: ModelPayload = commanded(
        model_inputs.DeleteModelTagInput, registry.DeleteModelTag, "Removes a tag of a model."
    )
    remove_alias: ModelPayload = commanded(
        model_inputs.RemoveAliasInput, registry.RemoveAlias, "Removes an alias of a model."
    )
    delete_model: ModelPayload = commanded(
        model_inputs.DeleteModelInput, registry.DeleteModel, "Deletes a model with its versions and aliases."
    )
    register_model_version: ModelVersionPayload = commanded(
        model_inputs.RegisterModelVersionInput, registry.RegisterVersion, "Registers the next version of a model."
    )
    describe_model_version: ModelVersionPayload = commanded(
        model_inputs.DescribeModelVersionInput, registry.DescribeVersion, "Says what a version is."
    )
    set_model_version_tag: ModelVersionPayload = commanded(
        model_inputs.SetModelVersionTagInput, registry.SetVersionTag, "Sets a tag of a version."
    )
    delete_model_version_tag: ModelVersionPayload = commanded(
        model_inputs.DeleteModelVersionTagInput, registry.DeleteVersionTag, "Removes a tag of a version."
    )
    move_model_version: ModelVersionPayload = commanded(
        model_inputs.MoveModelVersionInput, registry.MoveVersion, "Moves a version to one of MLflow's older stages."
    )
    delete_model_version: ModelVersionPayload = commanded(
        model_inputs.DeleteModelVersionInput,
        registry.DeleteVersion,
        "Deletes a version, with the aliases that point at it.",
    )
