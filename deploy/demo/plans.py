"""What anna and ben try, as data; ben's last run repeats one of anna's without knowing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from deploy.demo.flights import FEATURES, WEATHER

EXPERIMENT: Final = "flight-delay"
MODEL: Final = "flight-delay"
PLAN_TAG: Final = "demo.plan"
BASELINE_TAG: Final = "lifecycle.baseline"
RETRAINING_TAG: Final = "lifecycle.retraining"
SELECTION_METRIC: Final = "validation_roc_auc"

Kind = Literal["prior", "logistic", "boosting"]


@dataclass(frozen=True, slots=True)
class Plan:
    """One training run. `rows`: train on so many rows only, None for all; `note` is the author's remark on the run.

    `keeps_model`: whether autologging stores the model, too, which takes mlflow ten seconds: it loads it once more in
    a process of its own to see which packages it needs. A quick look at a sample isn't worth that.
    """

    user: str
    name: str
    kind: Kind
    note: str
    params: Mapping[str, int | float | bool] = field(default_factory=dict)
    features: tuple[str, ...] = FEATURES
    rows: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    keeps_model: bool = False

    @property
    def key(self) -> str:
        """Marks the run, so that a second demonstration finds it."""
        return f"{self.user}/{self.name}"


_SAMPLE: Final = 20_000
_BOOSTING: Final = {"learning_rate": 0.1, "max_iter": 100, "random_state": 7}

PLANS: Final = (
    Plan(
        "anna",
        "naive baseline",
        "prior",
        "Always the share of late flights. Anything worth shipping beats it.",
        tags={"baseline": "true", BASELINE_TAG: "true"},
    ),
    Plan(
        "anna",
        "logistic regression",
        "logistic",
        "A linear look at a sample: is there anything to learn?",
        {"C": 0.1, "max_iter": 200, "random_state": 7},
        rows=_SAMPLE,
    ),
    Plan(
        "anna",
        "boosting, first try",
        "boosting",
        "Trees take the missing gusts as they are. On the same sample as the linear model.",
        _BOOSTING,
        rows=_SAMPLE,
    ),
    Plan(
        "anna",
        "boosting, patient",
        "boosting",
        "Smaller steps, more of them, and every row: the best on validation so far.",
        {"learning_rate": 0.05, "max_iter": 300, "random_state": 7},
        keeps_model=True,
    ),
    Plan(
        "ben",
        "boosting without weather",
        "boosting",
        "How much of the delay is weather? Without it most of the skill is gone.",
        _BOOSTING,
        features=tuple(name for name in FEATURES if name not in WEATHER),
        rows=_SAMPLE,
    ),
    Plan(
        "ben",
        "boosting, shallow",
        "boosting",
        "Small trees: faster, and closer between training and validation.",
        {"learning_rate": 0.05, "max_iter": 100, "max_leaf_nodes": 15, "random_state": 7},
        rows=_SAMPLE,
    ),
    Plan("ben", "boosting on all features", "boosting", "A plain start with every feature.", _BOOSTING, rows=_SAMPLE),
)

BASELINE: Final = next(plan for plan in PLANS if BASELINE_TAG in plan.tags)
RETRAINED: Final = Plan(
    "ben",
    "boosting on all seasons",
    "boosting",
    "Trained on January to November: summer is no surprise any more. Small trees, few enough not to learn by heart.",
    {"learning_rate": 0.08, "max_iter": 120, "max_leaf_nodes": 23, "min_samples_leaf": 60, "random_state": 7},
    keeps_model=True,
)
"""What answers the request for retraining."""

USERS: Final = tuple(dict.fromkeys(plan.user for plan in PLANS))
