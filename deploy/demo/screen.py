"""What the terminal shows of the demonstration: a bar in a terminal, a line now and then elsewhere."""

import time
from types import TracebackType
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from deploy.demo.replay import Passed
from deploy.demo.reports import ChampionReport, Report, RunReport

_NO_DATE: Final = "reference"


class TrainingScreen:
    """Counts the training runs, and keeps a line for each that was new."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f} runs"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("anna and ben train", total=total)

    def __enter__(self) -> "TrainingScreen":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def told(self, report: Report) -> None:
        """Shows a report of a child process."""
        match report:
            case RunReport():
                self._progress.advance(self._task)
                how = "kept" if report.kept else f"{report.seconds:.0f} s"
                self._print(f"{report.user}: {report.name}, ROC-AUC {report.roc_auc:.3f} on validation ({how})")
            case ChampionReport():
                self._print(champion_line(report))

    def step(self, words: str) -> None:
        """Says what is under way."""
        self._progress.update(self._task, description=words)

    def _print(self, line: str) -> None:
        self._console.print(f"  {line}", highlight=False, soft_wrap=True)


class ReplayScreen:
    """The bar of the year: simulated date, rows sent, labels sent, and why it waits when it does."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.fields[date]}"),
            BarColumn(),
            TextColumn("{task.fields[rows]:>8,} predictions  {task.fields[labels]:>8,} labels"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[why]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._task: TaskID = self._progress.add_task("replay", total=None, date=_NO_DATE, rows=0, labels=0, why="")
        self._month = ""
        self._said_at = float("-inf")

    def __enter__(self) -> "ReplayScreen":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def passed(self, passed: Passed) -> None:
        """Moves the bar; where there is no bar, says each new month."""
        self._progress.update(
            self._task,
            completed=passed.done,
            total=passed.total,
            date=f"{passed.moment:%a %d %b %Y}",
            rows=passed.predictions,
            labels=passed.labels,
            why="",
        )
        month = f"{passed.moment:%B %Y}"
        if not self._console.is_terminal and month != self._month:
            self._month = month
            counts = f"{passed.predictions:,} predictions and {passed.labels:,} labels sent"
            self._console.print(f"  {month}: {counts}", highlight=False, soft_wrap=True)

    def waiting(self, why: str) -> None:
        """Says why nothing moves."""
        self._progress.update(self._task, why=why)
        if not self._console.is_terminal and time.monotonic() > self._said_at + 10:
            self._said_at = time.monotonic()
            self._console.print(f"  waiting: {why}", highlight=False, soft_wrap=True)


def champion_line(report: ChampionReport) -> str:
    """One line about the champion."""
    holdout = "" if report.holdout_roc_auc is None else f", ROC-AUC {report.holdout_roc_auc:.3f} on the sealed holdout"
    return f"champion: version {report.version}, “{report.run_name}”{holdout}{' (kept)' if report.kept else ''}"
