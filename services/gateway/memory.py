"""How the process looks for garbage: rarely, because almost nothing here lives longer than its request."""

from __future__ import annotations

import gc

NEW_OBJECTS = 50_000
"""So many new containers before a look: a page of 100 models makes about 1,500, all freed by their reference counts."""


def look_rarely() -> None:
    """For this process; what is there at its start is frozen anyway (`services/runtime/run.py`)."""
    gc.set_threshold(NEW_OBJECTS, 20, 50)
