"""What is kept under a model's name follows it to a new one, in the transaction that renames it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from services.runtime.outbox import Change

Follow = Callable[[Change, str, str], Awaitable[None]]
"""Adds to a change what follows from the rename of a model: its former name, and the new one."""
