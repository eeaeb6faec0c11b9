"""Commands with an idempotency key: as every service answers them."""

from services.runtime.once import MAX_KEY, Made, done, done_once, once

__all__ = ["MAX_KEY", "Made", "done", "done_once", "once"]
