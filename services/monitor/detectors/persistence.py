"""One odd window is no alarm, one good window no recovery."""

from __future__ import annotations

from typing import Literal

import msgspec

OPEN_AFTER = 2
RESOLVE_AFTER = 2
"""Consecutive closed windows that must fire, or be quiet."""


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """State between windows: `streak` windows in a row contradicted `open`."""

    open: bool = False
    streak: int = 0


def step(
    watch: Watch, firing: bool, open_after: int = OPEN_AFTER, resolve_after: int = RESOLVE_AFTER
) -> tuple[Watch, Literal["opened", "resolved"] | None]:
    """The state after one more closed window, and what happened."""
    if firing == watch.open:
        return Watch(open=watch.open), None
    streak = watch.streak + 1
    if streak < (resolve_after if watch.open else open_after):
        return Watch(open=watch.open, streak=streak), None
    return Watch(open=firing), "opened" if firing else "resolved"
