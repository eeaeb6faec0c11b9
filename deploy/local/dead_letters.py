"""`lifecycle dead`: what consumers couldn't handle: shows it, and has it retried or skipped."""

from __future__ import annotations

from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from deploy.local.problems import Problem
from deploy.local.tokens import State, ask
from services.contracts.dead_letters import (
    DeadLetterList,
    DecideDeadLetter,
    DecideMonitorDeadLetter,
    DecideRegistryDeadLetter,
    Decision,
    ListDeadLetters,
    ListMonitorDeadLetters,
    ListRegistryDeadLetters,
)

LISTS: Final[dict[str, ListDeadLetters]] = {"registry": ListRegistryDeadLetters(), "monitor": ListMonitorDeadLetters()}
DECISIONS: Final[dict[str, type[DecideDeadLetter]]] = {
    "registry": DecideRegistryDeadLetter,
    "monitor": DecideMonitorDeadLetter,
}

app = typer.Typer(no_args_is_help=True, help="Dead letters: messages that a service couldn't handle.")
console = Console(highlight=False, soft_wrap=True)
Letter = Annotated[str, typer.Argument(help="The id that `list` shows.")]


@app.command("list")
def show(state: State = None) -> None:
    """Show what waits for a decision, the newest first."""
    found = {service: _asked(state, request) for service, request in LISTS.items()}
    total = sum(letters.total for letters in found.values())
    if not total:
        console.print("No dead letters.")
        return
    table = Table("id", "when (UTC)", "what failed", "bytes", "decided")
    for letters in found.values():
        for one in letters.letters:
            why = f"{one.code}: {one.error}"
            table.add_row(one.id, f"{one.time:%Y-%m-%d %H:%M:%S}", why, str(one.size), one.decision or "—")
    console.print(table)
    console.print(f"{total} in all.")


@app.command()
def retry(letter: Letter, state: State = None) -> None:
    """Hand it to its consumer again, after the cause has been put right."""
    _decide(letter, "retry", state)
    console.print("It will be tried again within seconds; it comes back to the list if it fails.")


@app.command()
def skip(letter: Letter, state: State = None) -> None:
    """Go on without it, for ever: what it says has no effect here."""
    _decide(letter, "skip", state)
    console.print("It will be skipped within seconds.")


def _asked(state: State, request: ListDeadLetters) -> DeadLetterList:
    return ask(state, lambda bus, context: bus.request(request, context))


def _decide(letter: str, decision: Decision, state: State) -> None:
    """Raises Problem if the id isn't one of a service's consumer."""
    service = letter.split("-")[0]
    if service not in DECISIONS:
        raise Problem(f"{letter!r} is no dead letter's id.", "Take one from `lifecycle dead list`.")
    request = DECISIONS[service](id=letter, decision=decision)
    ask(state, lambda bus, context: bus.request(request, context))
