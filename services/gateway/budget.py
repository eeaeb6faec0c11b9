"""How much each caller may ask for: a bucket of objects that fills again over a minute."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from services.contracts.errors import Limited

WINDOW_SECONDS = 60.0
MOST_CALLERS = 10_000
"""Callers remembered; whoever was quiet longest is forgotten, which fills their bucket."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a caller has left. `reset_seconds`: until the bucket is full again if nothing more is asked."""

    limit: int
    remaining: int
    reset_seconds: int

    def headers(self) -> dict[str, str]:
        """As https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ called them first."""
        return {
            "ratelimit-limit": str(self.limit),
            "ratelimit-remaining": str(self.remaining),
            "ratelimit-reset": str(self.reset_seconds),
            "ratelimit-policy": f"{self.limit};w={WINDOW_SECONDS:.0f}",
        }


class Budget:
    """`per_minute` objects for each caller; an operation that doesn't fit into what is left is refused."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._spent)

    def spend(self, caller: str, cost: int) -> Standing:
        """Takes `cost` from what the caller has left. Raises `OverBudget`, and then takes nothing."""
        now = self._clock()
        rate = self.per_minute / WINDOW_SECONDS
        spent, since = self._spent.get(caller, (0.0, now))
        spent = max(0.0, spent - (now - since) * rate)
        left = self.per_minute - spent
        if cost > left:
            raise OverBudget(self._standing(spent), math.ceil((cost - left) / rate))
        spent += cost
        self._spent[caller] = (spent, now)
        self._spent.move_to_end(caller)
        if len(self._spent) > MOST_CALLERS:
            self._spent.popitem(last=False)
        return self._standing(spent)

    def _standing(self, spent: float) -> Standing:
        rate = self.per_minute / WINDOW_SECONDS
        return Standing(self.per_minute, int(self.per_minute - spent), math.ceil(spent / rate))


class OverBudget(Limited):
    """More than is left; `retry_seconds` from now it will be there."""

    def __init__(self, standing: Standing, retry_seconds: int) -> None:
        super().__init__(
            f"you asked for {standing.limit} objects within a minute",
            code="COST_LIMIT_REACHED",
            fix=f"Wait {retry_seconds} s, or ask for smaller pages.",
        )
        self.standing = standing
        self.retry_seconds = retry_seconds
