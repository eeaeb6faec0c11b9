"""What the terminal shows while the stack starts, and where to look once it runs."""

import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from deploy.local.doctor import Finding
from deploy.local.problems import Problem
from deploy.local.state import PartState, StackRecord

_COLOURS = {
    PartState.STARTING: "yellow",
    PartState.READY: "green",
    PartState.UNREADY: "red",
    PartState.RESTARTING: "red",
    PartState.STOPPED: "dim",
}


class Progress:
    """Shows the parts while they start: a live table in a terminal, a line for each change elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=10, transient=True) if console.is_terminal else None
        self._said: dict[str, PartState] = {}

    def __enter__(self) -> "Progress":
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end_table()

    def end_table(self) -> None:
        """Takes the live table away: the stack is up, or won't come up."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def show(self, record: StackRecord) -> None:
        """Brings the display up to date. Once the table is gone, only what goes wrong (and right again) is said."""
        if self._live is not None:
            self._live.update(parts_table(record))
        for name, part in record.parts.items():
            before = self._said.get(name)
            if part.state == before:
                continue
            self._said[name] = part.state
            quiet = self._live is not None or record.state in ("stopping", "stopped")
            if not quiet and (before is not None or part.state != PartState.STARTING):
                because = f" ({part.reason})" if part.reason else ""
                self._console.print(
                    f"{time.strftime('%H:%M:%S')} {name} is {part.state}{because}", highlight=False, soft_wrap=True
                )


def parts_table(record: StackRecord) -> Table:
    """Each part with its state, process, memory and address."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("part", "state", "pid", "restarts", "memory", "address", "why"):
        table.add_column(column, justify="right" if column in ("pid", "restarts", "memory") else "left")
    for name, part in record.parts.items():
        table.add_row(
            name,
            Text(part.state, style=_COLOURS[part.state]),
            "elsewhere" if part.elsewhere else str(part.process.pid) if part.process else "",
            str(part.restarts or ""),
            f"{part.rss / 1024**2:.0f} MB" if part.rss else "",
            part.url,
            part.reason,
        )
    return table


def where_to_look(console: Console, urls: dict[str, str]) -> None:
    """The addresses a person opens or gives to a client."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(style="cyan", no_wrap=True)
    for label, url in _places(urls):
        table.add_row(label, url)
    console.print(table)


def _places(urls: dict[str, str]) -> list[tuple[str, str]]:
    places = [
        ("Dashboard", urls["dashboard"]),
        ("GraphQL", urls["graphql"]),
        ("MLflow tracking URI", urls["registry"]),
        ("Prediction ingest", urls["monitor"]),
        *((f"Metrics, {name}", f"{urls[name]}/metrics") for name in ("gateway", "registry", "monitor") if urls[name]),
    ]
    return [(label, url) for label, url in places if url]


def say_problem(console: Console, problem: Problem) -> None:
    """What is wrong and what to do."""
    console.print(Text(problem.what, style="red"), soft_wrap=True)
    console.print(Text(problem.fix), soft_wrap=True)


def say_findings(console: Console, findings: list[Finding]) -> None:
    """All that the doctor has found."""
    for finding in findings:
        colour = "red" if finding.level == "error" else "yellow"
        console.print(Text.assemble((finding.level, colour), f": {finding.problem.what}"), soft_wrap=True)
        console.print(Text(f"  {finding.problem.fix}"), soft_wrap=True)
    if not findings:
        console.print("Nothing is wrong.")
