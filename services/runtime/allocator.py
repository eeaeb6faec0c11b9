"""glibc's allocator, told what to keep: by itself it leaves a process as large as its busiest moment was."""

from __future__ import annotations

import ctypes
import sys
from enum import IntEnum


class Parameter(IntEnum):
    """What mallopt(3) sets, from glibc's malloc.h."""

    TRIM_THRESHOLD = -1
    """Bytes free at the end of the heap from which on they go back to the system."""
    MMAP_THRESHOLD = -3
    """Bytes of an allocation that is handed back as soon as it is freed. Unless set, glibc raises it, and with it the
    other, to the largest that was ever freed, 32 MiB at most: then buffers stay."""
    ARENA_MAX = -8
    """Heaps for all threads together."""


def allocator(values: dict[Parameter, int]) -> None:
    """To be called once, before threads start; nothing happens without glibc."""
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for parameter, value in values.items():
            mallopt(parameter, value)
