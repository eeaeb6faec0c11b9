"""The stages and items that a project's board starts with: versioned data. A published version never changes."""

from __future__ import annotations

from typing import Literal

import msgspec

ItemKind = Literal["evidence", "answer", "check", "either"]

NAME = "lifecycle"
NEWEST = 1


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A structured part of an answer. `number`: its text must be a finite number."""

    key: str
    title: str
    number: bool = False
    required: bool = False
    choices: tuple[str, ...] = ()


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """`key` is unique within its template. An optional item doesn't keep its stage from being done."""

    key: str
    title: str
    kind: ItemKind
    fields: tuple[Field, ...] = ()
    optional: bool = False


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    number: int
    phase: str
    title: str
    items: tuple[Item, ...]


class Template(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    version: int
    stages: tuple[Stage, ...]

    def stage(self, key: str) -> Stage | None:
        return next((stage for stage in self.stages if stage.key == key), None)


def _answer(key: str, title: str, *fields: Field, optional: bool = False) -> Item:
    return Item(key=key, title=title, kind="answer", fields=fields, optional=optional)


def _evidence(key: str, title: str) -> Item:
    return Item(key=key, title=title, kind="evidence")


def _either(key: str, title: str) -> Item:
    return Item(key=key, title=title, kind="either")


def _check(key: str, title: str) -> Item:
    return Item(key=key, title=title, kind="check")


def _number(key: str, title: str, *, required: bool = False) -> Field:
    return Field(key=key, title=title, number=True, required=required)


_METRIC = Field(key="metric", title="Metric", required=True)
_DIRECTION = Field(key="direction", title="Better when", choices=("higher", "lower"))

_SCOPE, _DATA, _MODEL, _PRODUCTION = "scope", "data", "model", "production"

_FIRST = Template(
    name=NAME,
    version=1,
    stages=(
        Stage(
            key="business",
            number=1,
            phase=_SCOPE,
            title="Business context and problem",
            items=(
                _answer("objective", "Objective in business terms"),
                _answer("stakeholders", "Stakeholders and who is told what"),
                _answer("use", "How the result will be used"),
                _answer("workaround", "Today's workaround and what it costs"),
                _answer("business_measure", "The business measure and how it is tied to a model metric"),
                _answer(
                    "minimum_performance",
                    "Minimum performance worth shipping",
                    _METRIC,
                    _number("value", "At least (or at most)", required=True),
                    _DIRECTION,
                ),
                _answer("assumptions", "Assumptions, each open, verified or refuted with its evidence"),
                _answer("ethical_risks", "Ethical risks and possible misuse"),
            ),
        ),
        Stage(
            key="translation",
            number=2,
            phase=_SCOPE,
            title="Translation to a machine-learning problem",
            items=(
                _answer(
                    "task_type",
                    "Task type",
                    Field(
                        key="task",
                        title="Task",
                        required=True,
                        choices=("classification", "regression", "ranking", "forecasting", "clustering", "other"),
                    ),
                    Field(key="mode", title="Online or batch", choices=("online", "batch")),
                ),
                _answer(
                    "metrics", "Primary and guard metrics", _METRIC, _DIRECTION, Field(key="guards", title="Guards")
                ),
                _evidence("baseline", "A naive baseline with its score"),
                _evidence("similar_projects", "Similar projects and models found by search"),
                _answer("human_solution", "How a human would solve it"),
                _answer(
                    "expert_level",
                    "Expert-level performance, where known",
                    _METRIC,
                    _number("value", "Value", required=True),
                    optional=True,
                ),
            ),
        ),
        Stage(
            key="planning",
            number=3,
            phase=_SCOPE,
            title="Milestones and planning",
            items=(
                _answer("milestones", "Milestones with owner and due date"),
                _answer(
                    "constraints",
                    "Compute and latency constraints of the target",
                    _number("latency_ms", "Latency at most, in milliseconds"),
                    _number("size_mb", "Size at most, in megabytes"),
                ),
            ),
        ),
        Stage(
            key="gathering",
            number=4,
            phase=_DATA,
            title="Data gathering and understanding",
            items=(
                _evidence("sources", "Each source with owner, licence, refresh and size"),
                _answer("access", "Access authorisation and legal basis; personal data and how it is protected"),
                _answer("inference_fields", "Which fields exist at inference time"),
                _evidence("dataset_version", "Dataset version registered with content digest and schema"),
            ),
        ),
        Stage(
            key="preparation",
            number=5,
            phase=_DATA,
            title="Data preparation",
            items=(
                _evidence("derived_dataset", "Derived dataset with its parents and the code version that made it"),
                _check("consistent_units", "Formats and units consistent with the parent"),
            ),
        ),
        Stage(
            key="cleaning",
            number=6,
            phase=_DATA,
            title="Data cleaning",
            items=(
                _evidence("cleaned", "Missing values, outliers and corrupt rows: what was found and what was done"),
            ),
        ),
        Stage(
            key="exploration",
            number=7,
            phase=_DATA,
            title="Exploratory analysis",
            items=(
                _evidence("profile", "Profile of every attribute, correlations, and the target marked"),
                _evidence("insights", "Insights, each linked to what it came from"),
            ),
        ),
        Stage(
            key="features",
            number=8,
            phase=_DATA,
            title="Feature engineering and selection",
            items=(
                _evidence("feature_list", "Feature list of a dataset version with the origin of each"),
                _either("importance", "Importance, and why a feature was dropped"),
            ),
        ),
        Stage(
            key="data_checks",
            number=9,
            phase=_DATA,
            title="Assumptions and checks",
            items=(
                _check("representation", "Missing or under-represented groups against a stated population"),
                _check("leakage", "Target leakage and duplicate rows between splits"),
                _answer("assumptions_again", "Assumptions of stage 1 examined again"),
            ),
        ),
        Stage(
            key="splitting",
            number=10,
            phase=_DATA,
            title="Preparation for modelling",
            items=(
                _evidence("splits", "Train, validation and test splits recorded"),
                _check("sealed_test", "The test split sealed: used by the final evaluation only"),
            ),
        ),
        Stage(
            key="building",
            number=11,
            phase=_MODEL,
            title="Building",
            items=(
                _evidence("runs", "Runs with parameters, metrics, code version, environment, dataset digests and seed"),
                _evidence("duplicates", "Duplicates looked for, exact and near"),
                _check("learning_curves", "Training against validation: over- and under-fitting"),
                _answer("shortlist", "Shortlist of candidates with the reason"),
            ),
        ),
        Stage(
            key="validation",
            number=12,
            phase=_MODEL,
            title="Validation and evaluation",
            items=(
                _evidence("final_evaluation", "Evaluation on the sealed test split"),
                _check("gates", "Gates: against baseline, champion, minimum and expert level"),
                _evidence("slices", "Slices and fairness groups, worst slice named"),
                _answer("error_analysis", "Error analysis"),
                _evidence("stability", "Stability over seeds or folds"),
                _evidence("explanation", "Explanation: global feature importance, and examples"),
                _evidence("review", "Review approved by somebody other than the author"),
            ),
        ),
        Stage(
            key="deployment",
            number=13,
            phase=_PRODUCTION,
            title="Deployment",
            items=(
                _evidence("deployed", "What runs where since when, and who approved it"),
                _evidence("exported_format", "Exported format"),
                _either("fail_safe", "Fail-safe for bad input stated and tested"),
                _evidence("rollback", "Rollback tried"),
                _evidence("model_card", "Model card published"),
            ),
        ),
        Stage(
            key="monitoring",
            number=14,
            phase=_PRODUCTION,
            title="Monitoring and maintenance",
            items=(
                _check("ingest_alive", "Reference set and ingest alive"),
                _check("rules_on", "Drift, data quality, performance, latency and alert rules on"),
                _evidence("alerts_answered", "Alerts answered: time to acknowledge and resolve"),
                _answer("response_plan", "Response plan for mistakes: who does what"),
                _either("retraining", "Retraining schedule or trigger, and the last retraining"),
            ),
        ),
    ),
)

_TEMPLATES = {_FIRST.version: _FIRST}


def template(version: int) -> Template | None:
    return _TEMPLATES.get(version)
