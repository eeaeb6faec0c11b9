"""Ids that sort by time of making: UUID version 7, strictly growing within a process (RFC 9562, method 1)."""

from __future__ import annotations

import os
import threading
import time

_COUNTER_BITS = 42
_lock = threading.Lock()
_last_milliseconds = 0
_pool = b""
_taken = 0
_AT_ONCE = 4096
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
            _last_milliseconds, _counter = now, _random(6) >> (48 - _COUNTER_BITS + 1)
        else:
            _counter += 1 + _random(1)
        milliseconds, counter, tail = _last_milliseconds, _counter, _random(4)
    high, low = counter >> 30, counter & ((1 << 30) - 1)
    value = (milliseconds << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | (low << 32) | tail
    return f"{value:032x}"


def random_hex() -> str:
    """128 bits of the system's randomness as 32 hexadecimal digits."""
    with _lock:
        return f"{_random(16):032x}"


def _forget() -> None:
    global _pool
    _pool = b""


os.register_at_fork(after_in_child=_forget)


def _random(size: int) -> int:
    """So many bytes of the system's randomness, fetched by the page: a call of the system for each costs more."""
    global _pool, _taken
    if len(_pool) < _taken + size:
        _pool, _taken = os.urandom(_AT_ONCE), 0
    _taken += size
    return int.from_bytes(_pool[_taken - size : _taken], "big")
