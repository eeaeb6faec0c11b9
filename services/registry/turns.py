"""One at a time per key within this process: as every service takes turns."""

from services.runtime.turns import Turns

__all__ = ["Turns"]
