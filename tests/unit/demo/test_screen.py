"""Without a terminal, the demonstration says in plain lines how far it is."""

import io
from datetime import UTC, datetime

from rich.console import Console

from deploy.demo.replay import Passed
from deploy.demo.reports import ChampionReport, RunReport
from deploy.demo.screen import ReplayScreen, TrainingScreen


def _console() -> tuple[Console, io.StringIO]:
    written = io.StringIO()
    return Console(file=written, force_terminal=False, width=200), written


def test_each_run_and_the_champion_get_a_line() -> None:
    console, written = _console()
    with TrainingScreen(console, 2) as screen:
        screen.told(RunReport("anna", "first try", "r1", 0.7432, 11.2, kept=False))
        screen.told(RunReport("ben", "again", "r2", 0.7432, 0.0, kept=True))
        screen.told(ChampionReport("1", "r1", "first try", 0.7629, "scores", kept=False))
    assert [line.strip() for line in written.getvalue().splitlines() if line.strip()] == [
        "anna: first try, ROC-AUC 0.743 on validation (11 s)",
        "ben: again, ROC-AUC 0.743 on validation (kept)",
        "champion: version 1, “first try”, ROC-AUC 0.763 on the sealed holdout",
    ]


def test_each_simulated_month_gets_one_line() -> None:
    console, written = _console()
    with ReplayScreen(console) as screen:
        for day, month in ((1, 4), (2, 4), (1, 5)):
            screen.passed(Passed(day, 10, datetime(2013, month, day, tzinfo=UTC), 1_000 * month, 10))
    lines = [line.strip() for line in written.getvalue().splitlines() if line.strip()]
    assert lines == [
        "April 2013: 4,000 predictions and 10 labels sent",
        "May 2013: 5,000 predictions and 10 labels sent",
    ]


def test_a_wait_is_said_once_not_with_every_try() -> None:
    console, written = _console()
    with ReplayScreen(console) as screen:
        for _ in range(5):
            screen.waiting("the monitor is busy")
    assert written.getvalue().count("waiting: the monitor is busy") == 1
