"""What the demonstration's child processes tell their parent: one JSON object a line on standard output."""

import contextlib
import sys
from collections.abc import Callable, Iterator

import msgspec


class RunReport(msgspec.Struct, frozen=True, tag="run"):
    """A training run is there; `kept` says that it was there before. `seconds` is 0 then."""

    user: str
    name: str
    run_id: str
    roc_auc: float
    seconds: float
    kept: bool


class ChampionReport(msgspec.Struct, frozen=True, tag="champion"):
    """The version that the alias `champion` names, and the Arrow file with its output for every flight.

    `holdout_roc_auc` is None for a champion that somebody else registered.
    """

    version: str
    run_id: str
    run_name: str
    holdout_roc_auc: float | None
    scores: str
    kept: bool


Report = RunReport | ChampionReport
Tell = Callable[[Report], None]


@contextlib.contextmanager
def telling() -> Iterator[Tell]:
    """Sends reports on standard output; anything else that prints meanwhile goes to standard error."""
    channel = sys.stdout

    def tell(report: Report) -> None:
        channel.write(msgspec.json.encode(report).decode() + "\n")
        channel.flush()

    with contextlib.redirect_stdout(sys.stderr):
        yield tell


def read_report(line: bytes) -> Report:
    """Decodes a line that `telling` wrote."""
    report: Report = msgspec.json.decode(line, type=Report)
    return report
