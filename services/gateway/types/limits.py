"""What a field says about its size, for the cost of an operation before it runs."""

from __future__ import annotations

from dataclasses import dataclass

KEY = "size"


@dataclass(frozen=True, slots=True)
class Size:
    """A list field yields as many items as its argument `argument` says, else `otherwise`.

    `asks`: each such field below a list means one more request to a service, counted as `ASK_COST` objects.
    `weight`: what it holds is as large as so many objects, which count besides.
    """

    argument: str | None = None
    otherwise: int = 10
    asks: bool = False
    weight: int = 0


ASK_COST = 10
