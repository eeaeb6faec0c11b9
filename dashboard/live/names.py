"""The names of live topics, as pages, browsers and the hub agree on them."""

from __future__ import annotations

from urllib.parse import quote, unquote

FEED = "feed"
OVERVIEW = "overview"
MODELS = "models"
MONITORING = "monitoring"
PROJECTS = "projects"
REVIEWS = "reviews"
ALERTS = "alerts"


def model(name: str) -> str:
    return f"model:{quote(name, safe='')}"


def run(run_id: str) -> str:
    return f"run:{quote(run_id, safe='')}"


def project(project_id: str) -> str:
    return f"project:{quote(project_id, safe='')}"


def version(model_name: str, number: str) -> str:
    return f"version:{quote(model_name, safe='')}/{quote(number, safe='')}"


def review(model_name: str, version: str) -> str:
    return f"review:{quote(model_name, safe='')}/{quote(version, safe='')}"


def alert(alert_id: str) -> str:
    return f"alert:{quote(alert_id, safe='')}"


def monitor(model_name: str, version: str) -> str:
    return f"monitor:{quote(model_name, safe='')}/{quote(version, safe='')}"


def parse(topic: str) -> tuple[str, list[str]]:
    """Kind and the parts that follow it."""
    kind, _, rest = topic.partition(":")
    return kind, [unquote(part) for part in rest.split("/")] if rest else []
