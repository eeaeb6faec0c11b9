"""Whether a process is ready, and if not, why, in words."""

from __future__ import annotations

from collections.abc import Callable


class Health:
    """Ready when every named check says so and the process isn't stopping. A check answers None or the reason."""

    def __init__(self) -> None:
        self._checks: dict[str, Callable[[], str | None]] = {}
        self._phase = "starting"

    def watch(self, name: str, check: Callable[[], str | None]) -> None:
        self._checks[name] = check

    def started(self) -> None:
        self._phase = "running"

    def stopping(self) -> None:
        self._phase = "stopping"

    @property
    def phase(self) -> str:
        return self._phase

    def reasons(self) -> dict[str, str]:
        """Why the process isn't ready; empty when it is."""
        reasons = {} if self._phase == "running" else {"process": self._phase}
        for name, check in self._checks.items():
            reason = check()
            if reason is not None:
                reasons[name] = reason
        return reasons
