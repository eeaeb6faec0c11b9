"""Ids that sort by time of making: UUID version 7, strictly growing within a process (RFC 9562, method 1)."""

from __future__ import annotations

import secrets
import threading
import time

_COUNTER_BITS = 42
_lock = threading.Lock()
_last_milliseconds = 0
_counter = 0


def id_after(milliseconds: int) -> str:
    """Sorts after every id that was made by then, in milliseconds since 1970, and before all later ones."""
    return f"{(milliseconds + 1) << 80:032x}"


def new_id() -> str:
    """32 hexadecimal digits; every call sorts after the one before, also within one millisecond."""
    global _last_milliseconds, _counter
    with _lock:
        now = time.time_ns() // 1_000_000
        if now > _last_milliseconds:
            _last_milliseconds, _counter = now, secrets.randbits(_COUNTER_BITS - 1)
        else:
            _counter += 1 + secrets.randbits(8)
        milliseconds, counter = _last_milliseconds, _counter
    high, low = counter >> 30, counter & ((1 << 30) - 1)
    value = (milliseconds << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | (low << 32) | secrets.randbits(32)
    return f"{value:032x}"
