"""The names of live topics, as pages, browsers and the hub agree on them."""

from __future__ import annotations

from urllib.parse import quote, unquote

FEED = "feed"
OVERVIEW = "overview"
MODELS = "models"
MONITORING = "monitoring"


def model(name: str) -> str:
    return f"model:{quote(name, safe='')}"


def monitor(model_name: str, version: str) -> str:
    return f"monitor:{quote(model_name, safe='')}/{quote(version, safe='')}"


def parse(topic: str) -> tuple[str, list[str]]:
    """Kind and the parts that follow it."""
    kind, _, rest = topic.partition(":")
    return kind, [unquote(part) for part in rest.split("/")] if rest else []
