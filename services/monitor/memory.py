"""How the process deals with memory it no longer needs: it goes back to the system, so that a busy hour leaves no mark.

Batches come and go as buffers of some megabytes, in several threads. By default glibc keeps an arena for each thread,
and Arrow's own allocator (mimalloc) a reserve of a gigabyte, and little of either ever shrinks: 620 MiB after two
million rows where 100 are in use. Measured with these settings: tests/benchmarks/monitor_memory.py.
"""

from __future__ import annotations

import asyncio
import ctypes
import sys
from typing import Final

import pyarrow as pa

MEBIBYTE: Final = 1024 * 1024
TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8
"""Parameters of mallopt(3), from glibc's malloc.h."""
SETTINGS: Final = {ARENA_MAX: 2, MMAP_THRESHOLD: MEBIBYTE, TRIM_THRESHOLD: 4 * MEBIBYTE}
"""Two arenas; buffers from a megabyte on go straight back when they are freed; so does a free end of an arena."""
EVERY_SECONDS: Final = 10.0


def bound_memory() -> None:
    """To be called once, before threads start. Without glibc only Arrow's allocator is changed."""
    pa.set_memory_pool(pa.system_memory_pool())
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for parameter, value in SETTINGS.items():
            mallopt(parameter, value)


async def release_unused() -> None:
    """Gives free pages back now and then, until cancelled."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        await asyncio.to_thread(pa.default_memory_pool().release_unused)
