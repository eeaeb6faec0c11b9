"""Builders for stacks in tests: fake parts beside, or instead of, the real ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.parts import Part, Port, Surroundings
from deploy.local.supervisor import Timing

FAST = Timing(
    look_starting=0.02,
    look_ready=0.05,
    start_within=30.0,  # a busy machine takes its time
    unreachable_for=4.0,
    unready_for=1.0,
    backoff_first=0.05,
    backoff_longest=0.4,
    stable_after=1.0,
    stop_within=3.0,
)


@dataclass(frozen=True)
class FakePart(Part):
    """A part that does what the test orders, see fake_part."""

    module: str = "tests.support.fake_part"

    def environment(self, around: Surroundings) -> dict[str, str]:
        """What any service is told, and where its orders are."""
        fake = {
            "FAKE_PORT": str(around.ports[self.name]),
            "FAKE_NAME": self.name,
            "FAKE_ORDERS": str(orders(around.state, self.name)),
            "FAKE_TRACE": str(around.state / "trace"),
        }
        return {**super().environment(around), **fake}


def fake(name: str, after: tuple[str, ...] = ()) -> FakePart:
    """A fake part with that name."""
    return FakePart(name, _port(name), after)


def _port(name: str) -> Mapping[str, Port]:
    return {name: Port(f"{name.upper()}_PORT", 0)}


def orders(state: Path, name: str) -> Path:
    """The file a fake part takes its orders from."""
    return state / f"orders-{name}"


def trace(state: Path) -> list[str]:
    """What the fake parts did, in order: "name started", "name ended"."""
    file = state / "trace"
    return file.read_text().splitlines() if file.exists() else []
