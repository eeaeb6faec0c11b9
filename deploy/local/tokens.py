"""`lifecycle token`: makes, lists and revokes API tokens by asking the registry, over the stack's own NATS."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from deploy.local.problems import Problem
from deploy.local.settings import LocalSettings
from deploy.local.state import StateDirectory
from services.contracts.errors import LifecycleError, Rejected
from services.contracts.identity import CreateToken, ListTokens, Principal, RevokeToken, Role, TokenView
from services.runtime.bus import Bus
from services.runtime.context import Context, new_correlation_id
from services.runtime.telemetry import configure_logging

CONNECT_SECONDS = 5.0
_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}

app = typer.Typer(no_args_is_help=True, help="API tokens: who may come in, and as what.")
console = Console()
T = TypeVar("T")

State = Annotated[
    Path | None, typer.Option("--state", help="The state directory. [default: .lifecycle]", show_default=False)
]


def seconds_of(duration: str) -> int:
    """`90d` → 7776000. Raises Problem for anything but a number with m, h, d or w."""
    found = re.fullmatch(r"(\d{1,6})([mhdw])", duration)
    if not found:
        raise Problem(f"{duration!r} isn't a duration.", "Write a number and m, h, d or w, such as 90d.")
    return int(found[1]) * _SECONDS[found[2]]


@app.command()
def create(
    user: Annotated[str, typer.Option(help="Whom the token stands for.")],
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.CONTRIBUTOR,
    expires: Annotated[str, typer.Option(help="How long it is valid: 30m, 12h, 90d, 52w, or never.")] = "90d",
    note: Annotated[str, typer.Option(help="What it is for.")] = "",
    state: State = None,
) -> None:
    """Make a token and print it: this once, it can't be read again."""
    seconds = None if expires == "never" else seconds_of(expires)
    request = CreateToken(user=user, role=role, expires_in_seconds=seconds, note=note)
    made = ask(state, lambda bus, context: bus.request(request, context))
    console.print(made.token, soft_wrap=True, highlight=False)
    until = f"until {made.view.expires_at:%Y-%m-%d %H:%M} UTC" if made.view.expires_at else "without end"
    Console(stderr=True).print(f"For {user} as {role.value}, valid {until}. Id {made.view.id}.", style="dim")


@app.command("list")
def list_tokens(state: State = None) -> None:
    """Show all tokens, without their secrets."""
    views = ask(state, lambda bus, context: bus.request(ListTokens(), context))
    table = Table("id", "user", "role", "created", "valid until", "state", "note")
    for view in views:
        until = f"{view.expires_at:%Y-%m-%d %H:%M}" if view.expires_at else "—"
        table.add_row(
            view.id, view.user, view.role.value, f"{view.created_at:%Y-%m-%d %H:%M}", until, _state(view), view.note
        )
    console.print(table)


@app.command()
def revoke(token_id: Annotated[str, typer.Argument(help="The id that `list` shows.")], state: State = None) -> None:
    """Make a token worthless, within seconds."""
    ask(state, lambda bus, context: bus.request(RevokeToken(id=token_id), context))
    console.print("Revoked.")


def _state(view: TokenView) -> str:
    return "revoked" if view.revoked_at else "valid"


DEMO_TOKEN_SECONDS = 24 * 3600


async def for_the_demonstration(url: str, users: Iterable[str]) -> dict[str, str]:
    """A day's token for each user who takes part, where the stack asks who comes in. url: the stack's NATS.

    They review each other's versions, so all are reviewers.
    """
    async with asyncio.timeout(CONNECT_SECONDS), Bus.connect(url, "lifecycle") as bus:
        return {user: (await bus.request(_for_a_day(user), _operator())).token for user in users}


def _for_a_day(user: str) -> CreateToken:
    return CreateToken(user=user, role=Role.REVIEWER, expires_in_seconds=DEMO_TOKEN_SECONDS, note="the demonstration")


def _operator() -> Context:
    """Whoever can reach the stack's NATS on this machine is its operator."""
    user = f"operator:{os.environ.get('USER', 'local')}"
    return Context(Principal(user=user, role=Role.ADMIN, via="service"), new_correlation_id())


def ask(state: Path | None, work: Callable[[Bus, Context], Awaitable[T]], seconds: float = CONNECT_SECONDS) -> T:
    """What the running stack answers. Raises Problem when there is none, or with the words of its refusal."""
    given = {} if state is None else {"state_dir": state}
    directory = StateDirectory(LocalSettings().model_copy(update=given).state_dir)
    url = os.environ.get("NATS_URL") or directory.record().urls.get("nats")
    if not url:
        raise Problem("No stack is running here.", "Start one with `lifecycle up`, or set NATS_URL.")

    configure_logging("lifecycle", "warning", "console")  # to standard error: the output is the answer alone

    async def run(address: str) -> T:
        async with asyncio.timeout(seconds), Bus.connect(address, "lifecycle") as bus:
            return await work(bus, _operator())

    try:
        return asyncio.run(run(url))
    except LifecycleError as error:
        raise Problem(error.message, error.fix or _otherwise(error)) from error
    except TimeoutError as error:
        raise Problem(f"NATS at {url} doesn't answer.", "See `lifecycle doctor`.") from error


def _otherwise(error: LifecycleError) -> str:
    """What to do about an error that doesn't say it itself."""
    if isinstance(error, Rejected):
        return "Change what was asked for; --help says what each option takes."
    return "See the registry's log: `lifecycle logs registry`."
