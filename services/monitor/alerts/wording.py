"""What an alert is called, and what to look at next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.contracts.alerts import AlertCause, RuleMetric

MOST_NAMED: Final = 3

_TITLES: Final[dict[RuleMetric, str]] = {
    "feature_drift": "Drift in {names}",
    "prediction_drift": "The model's predictions have drifted",
    "multivariate_drift": "Features no longer hang together as they did",
    "performance": "Performance has dropped: {names}",
    "estimated_performance": "Estimated performance has dropped: {names}",
    "missing": "Missing values in {names}",
    "unseen": "Unseen values in {names}",
    "out_of_range": "Values out of range in {names}",
    "type_errors": "Values of the wrong type in {names}",
    "volume": "Unusual number of rows",
    "freshness": "No predictions come in",
}
_STEPS: Final[dict[RuleMetric, str]] = {
    "feature_drift": "Compare the distributions of {names} with the reference. If the change is real (season, new "
    "customers) and performance holds, make a newer period the reference; if performance falls too, retrain.",
    "prediction_drift": "Look whether features drifted in the same windows. If none did, check which model version "
    "is being served and its preprocessing.",
    "multivariate_drift": "No single feature need have drifted: look at pairs that belong together, such as a value "
    "and its unit, and at joins and preprocessing. Compare performance in the same windows.",
    "performance": "Look at the windows' features for drift and missing values, and whether labels are complete. If "
    "the inputs have changed for good, request retraining on newer data; else roll back to the version before.",
    "estimated_performance": "This is an estimate without labels: check the calibration flag, collect labels for the "
    "newest windows, and look for drift in the features.",
    "missing": "Ask the source of {names} what changed; until it is repaired, check what the model does without it.",
    "unseen": "Look at the new values of {names}. Misspelt ones: repair the source. Real ones: the model has never "
    "seen them, so retrain with rows that hold them.",
    "out_of_range": "Check the unit and the source of {names}.",
    "type_errors": "Check the producer's schema: {names} holds values that can't be counted.",
    "volume": "Check the producer and the traffic before it; rows that are late still merge into their window.",
    "freshness": "Check that the model serves and that its producer reaches the monitor.",
}


def title(metric: RuleMetric, causes: Sequence[AlertCause], windows: int = 1) -> str:
    """`windows`: how many the rule looks at together."""
    text = _TITLES[metric].format(names=_names(causes))
    return text if windows == 1 else f"{text} (over {windows} windows)"


def next_step(metric: RuleMetric, causes: Sequence[AlertCause]) -> str:
    return _STEPS[metric].format(names=_names(causes))


def in_words(subject: str, figure: str) -> str:
    """Where a figure itself is the subject (perhaps in one segment), it is named as people say it."""
    if subject != figure and not subject.startswith(f"{figure} where "):
        return subject
    return subject.replace(figure, figure.replace("_", " "), 1)


def _names(causes: Sequence[AlertCause]) -> str:
    names = [in_words(cause.subject, cause.figure) for cause in causes]
    if len(names) <= MOST_NAMED:
        return ", ".join(names)
    return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"
