"""Commands with an idempotency key: as every service answers them."""

from services.runtime.once import MAX_KEY, once

__all__ = ["MAX_KEY", "once"]
