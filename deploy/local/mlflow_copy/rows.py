"""What copying reads from MLflow's answers, and what its parts share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

SOURCE_ID = "lifecycle.copied.from"
"""The tag that names what a copy is of."""
PAGE = 500

Progress = Callable[[str, int, int], None]
"""Hears what is being copied, how much of it is done, and of how many."""
Row = dict[str, Any]


def tags_of(holder: Row) -> dict[str, str]:
    return {tag["key"]: tag.get("value", "") for tag in holder.get("tags", [])}


def pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]
