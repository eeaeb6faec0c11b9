"""The schema as clients know it: written down, described, and changed only on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    find_breaking_changes,
    get_named_type,
)

from services.gateway import schema as gateway_schema

RELEASED = Path(__file__).with_name("released.graphql")
SNAPSHOT = Path(gateway_schema.__file__).with_suffix(".graphql")


@pytest.fixture(scope="module")
def committed() -> GraphQLSchema:
    return build_schema(SNAPSHOT.read_text())


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    assert gateway_schema.sdl() == SNAPSHOT.read_text(), (
        "the schema has changed: look at the difference, then run "
        "`python -m services.gateway.schema > services/gateway/schema.graphql`"
    )


def test_no_client_of_the_last_release_breaks(committed: GraphQLSchema) -> None:
    """With a release, `released.graphql` is replaced by the schema of that release."""
    changes = find_breaking_changes(build_schema(RELEASED.read_text()), committed)
    assert [change.description for change in changes] == []


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("  viewer: Viewer!\n", "  caller: Viewer!\n", "Query.viewer was removed"),
        ("  runId: String!\n", "  runId: Int!\n", "Run.runId changed type"),
        ("  model(\n", "  model(must: Int!, ", "required argument"),
    ],
)
def test_a_breaking_change_is_found(was: str, becomes: str, told: str) -> None:
    sdl = SNAPSHOT.read_text()
    changed = sdl.replace(was, becomes)
    changes = find_breaking_changes(build_schema(sdl), build_schema(changed, assume_valid=True))
    assert any(told in change.description for change in changes)


def test_what_is_deprecated_says_why(committed: GraphQLSchema) -> None:
    reasons = [reason for reason in _deprecations(committed) if reason is not None]
    assert all(len(reason) > 10 and reason != "No longer supported" for reason in reasons)


def _deprecations(schema: GraphQLSchema) -> Iterator[str | None]:
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for field in type_.fields.values():
                yield field.deprecation_reason
                yield from (argument.deprecation_reason for argument in field.args.values())
        elif isinstance(type_, GraphQLInputObjectType):
            yield from (field.deprecation_reason for field in type_.fields.values())
        elif isinstance(type_, GraphQLEnumType):
            yield from (value.deprecation_reason for value in type_.values.values())


def test_every_connection_goes_both_ways_and_is_filtered_and_ordered(committed: GraphQLSchema) -> None:
    wanted = {"first", "after", "last", "before", "where", "sort"}
    for type_ in committed.type_map.values():
        if isinstance(type_, GraphQLObjectType):
            for name, field in type_.fields.items():
                if get_named_type(field.type).name.endswith("Connection"):
                    assert wanted <= set(field.args), f"{type_.name}.{name}"
                    filtered = get_named_type(field.args["where"].type)
                    assert isinstance(filtered, GraphQLInputObjectType)
                    assert {"and", "or", "not"} <= set(filtered.fields), filtered.name


VALUES = {
    "what one thing consists of, told with it": {
        "Alert.windows", "Alert.causes", "Alert.comments", "AlertRules.rules", "Assumption.proofs",
        "ComparedVersion.params", "ComparedVersion.datasets", "DatasetChecks.representation", "DatasetChecks.overlaps",
        "DatasetVersion.columns", "DatasetVersion.parents", "DatasetVersion.children", "DatasetVersion.features",
        "DatasetVersion.splits", "DatasetVersion.splitOf", "Deployment.history", "Evaluation.metrics",
        "Evaluation.slices", "Evaluation.disparities", "Evaluation.curves", "Evaluation.seeds", "Evaluation.stability",
        "EvaluationSummary.metrics", "EvaluationSummary.disparities", "Experiment.tags",
        "ExplainedPrediction.contributions", "Explanation.importances", "Explanation.examples", "GatePolicy.gates",
        "GatePolicy.derived", "GateResult.verdicts", "GateVerdict.numbers", "Insight.links", "Insight.comments",
        "Item.fields", "Item.values", "Item.evidence", "LoggedModel.params", "LoggedModel.tags", "LoggedModel.metrics",
        "LoggedModel.versions", "Model.tags", "Model.aliases", "ModelVersion.tags", "ModelVersion.metrics",
        "ModelVersion.params", "Project.patterns", "Project.assigned", "Project.stages",
        "RepresentationCheck.groups", "Reproducibility.ingredients", "Reproducibility.attempts",
        "ReproductionAttempt.metrics", "ReproductionPlan.params", "ReproductionPlan.metrics", "ReproductionPlan.seeds",
        "ReproductionPlan.datasets", "ReproductionPlan.environment", "Review.decisions", "Review.comments",
        "Run.params", "Run.metrics", "Run.tags", "Run.datasets", "RunMetrics.metrics", "SeedScore.metrics",
        "SideBySide.sides", "SideBySide.params", "SideBySide.metrics", "SideBySide.tags", "SideBySide.datasets",
        "SimilarRun.differences", "SimilarRun.metrics", "SimilarRun.effect", "SliceScore.metrics", "Stage.items",
    },
    "figures, in the order of what they are about": {
        "ColumnProfile.quantiles", "ColumnProfile.top", "ModelVersion.windows", "Performance.byClass",
        "PerformanceDetail.curve", "PerformanceDetail.calibration", "PerformanceDetail.segments", "Profile.columns",
        "Profile.correlations", "ProfileComparison.columns", "RunGroup.metrics", "Query.windows", "Query.segmentDrift",
        "Query.metricLevels", "Run.metricHistory", "VersionComparison.metrics", "VersionComparison.params",
        "VersionComparison.slices", "VersionComparison.importances", "VersionComparison.disparities",
        "Window.features",
    },
    "an answer whose order is its meaning": {
        "Lineage.nodes", "Lineage.edges", "Query.similarRuns", "Query.tried", "Run.similar",
    },
}  # fmt: skip
"""Lists without filter and order, and why: they are values, not lists of things that stand for themselves."""


def test_every_list_of_things_is_filtered_and_ordered_and_the_others_are_values(committed: GraphQLSchema) -> None:
    plain, typed = set[str](), set[str]()
    for type_ in committed.type_map.values():
        if not isinstance(type_, GraphQLObjectType) or type_.name.endswith(("Connection", "Payload")):
            continue
        for name, field in type_.fields.items():
            whole = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
            inner = get_named_type(field.type)
            if isinstance(whole, GraphQLList) and isinstance(inner, GraphQLObjectType) and inner.name[0] != "_":
                if type_.name.startswith("__") or field.deprecation_reason:
                    continue
                (typed if {"where", "sort"} <= set(field.args) else plain).add(f"{type_.name}.{name}")
    assert plain == set().union(*VALUES.values())
    assert typed == {
        "ModelVersion.standings",
        "Project.assumptions",
        "Project.milestones",
        "Project.moves",
        "Query.environments",
        "Query.lifecycleWebhooks",
        "Query.ran",
        "Query.standings",
        "Query.webhooks",
    }


def test_every_type_field_and_argument_is_described(committed: GraphQLSchema) -> None:
    assert [name for name, description in _described(committed) if not (description or "").strip()] == []


def _described(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    for name, type_ in schema.type_map.items():
        if name.startswith("__") or name in ("String", "Int", "Float", "Boolean", "ID"):
            continue
        yield name, type_.description
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for field_name, field in type_.fields.items():
                yield f"{name}.{field_name}", field.description
                for argument_name, argument in field.args.items():
                    yield f"{name}.{field_name}({argument_name})", argument.description
        elif isinstance(type_, GraphQLInputObjectType):
            for field_name, input_field in type_.fields.items():
                yield f"{name}.{field_name}", input_field.description
        elif isinstance(type_, GraphQLEnumType):
            for value_name, value in type_.values.items():
                yield f"{name}.{value_name}", value.description


@pytest.mark.parametrize("connection", ["ModelConnection", "ModelVersionConnection", "RunConnection"])
def test_connections_have_the_shape_that_clients_expect(committed: GraphQLSchema, connection: str) -> None:
    type_ = committed.type_map[connection]
    assert isinstance(type_, GraphQLObjectType)
    shape = {name: str(field.type) for name, field in type_.fields.items()}
    item = connection.removesuffix("Connection")
    assert shape == {
        "edges": f"[{item}Edge!]!",
        "nodes": f"[{item}!]!",
        "pageInfo": "PageInfo!",
        "totalCount": "Int",
    }
