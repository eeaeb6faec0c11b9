"""What projects own and what proves something in them."""

from __future__ import annotations

from typing import Literal

from services.contracts.base import Message

ThingKind = Literal["experiment", "dataset", "model"]
"""What a project can own. An experiment is named by its id, the others by their names."""
Verdict = Literal["good", "bad", "lapsed"]
"""`lapsed`: what was proven is about something that is no longer in use."""
StageState = Literal["not_started", "in_progress", "done", "needs_attention"]
ItemState = Literal["open", "done", "waived", "bad"]
AssumptionStatus = Literal["open", "verified", "refuted"]


class Thing(Message, frozen=True, kw_only=True):
    kind: ThingKind
    id: str


class Pattern(Message, frozen=True, kw_only=True):
    """All experiments, datasets or models whose name matches `glob` (`*`, `?`, `[abc]`; case matters)."""

    kind: ThingKind
    glob: str


class Proof(Message, frozen=True, kw_only=True):
    """What shows that an item holds: `kind` (run, version, dataset, window, review, …) and its id."""

    kind: str
    id: str
