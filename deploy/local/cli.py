"""The `lifecycle` command line: each command reads its options and calls the module that does the work."""

import asyncio
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from deploy.local import audit, cards, datasets, dead_letters, garbage, reproduce, run, screen, tokens, tried
from deploy.local import doctor as examination
from deploy.local import logs as part_logs
from deploy.local.mlflow_copy import commands as copying
from deploy.local.parts import PARTS
from deploy.local.problems import Problem
from deploy.local.settings import LocalSettings
from deploy.local.stack import PortChoice, Urls
from deploy.local.state import StateDirectory

NOT_READY = 1  # also: the doctor found an error, the command failed
NOT_RUNNING = 3  # as service managers have it

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(tokens.app, name="token")
app.add_typer(audit.app, name="audit")
app.add_typer(dead_letters.app, name="dead")
app.add_typer(datasets.app, name="dataset")
app.add_typer(copying.coming, name="import")
app.add_typer(copying.going, name="export")
app.command()(garbage.gc)
app.command()(tried.tried)
app.command()(reproduce.reproduce)
app.command()(cards.card)
console = Console()
errors = Console(stderr=True)


class Ports(StrEnum):
    """Which ports the parts listen on."""

    default = "default"
    auto = "auto"


class AuthChoice(StrEnum):
    """Who may come in."""

    open = "open"
    token = "token"  # noqa: S105 — the name of a way to come in, not a secret


State = Annotated[
    Path | None, typer.Option("--state", help="The state directory. [default: .lifecycle]", show_default=False)
]
PortsOption = Annotated[
    Ports, typer.Option(help="default: 8000, 8001, …, or what GATEWAY_PORT and the like say; auto: free ones.")
]
Host = Annotated[str | None, typer.Option(help="The address to listen on. [default: 127.0.0.1]", show_default=False)]
AuthOption = Annotated[
    AuthChoice | None, typer.Option("--auth", help="open (loopback only) or token. [default: open]", show_default=False)
]
Open = Annotated[bool, typer.Option("--open", help="Open the dashboard in a browser.")]


@app.callback()
def lifecycle() -> None:
    """The ML Lifecycle Dashboard on this machine."""


@app.command()
def up(
    state: State = None,
    ports: PortsOption = Ports.default,
    host: Host = None,
    auth: AuthOption = None,
    detach: Annotated[bool, typer.Option("--detach", help="Run in the background.")] = False,
    open_browser: Open = False,
) -> None:
    """Start the stack and stay up until Ctrl-C."""
    choices = _choices(state, ports, host, auth, open_browser)
    if choices.state.running():
        console.print(f"A stack is already running in {choices.state.path}.")
        screen.where_to_look(console, choices.state.record().urls)
    elif detach:
        run.background(choices, console, _again(choices))
    else:
        asyncio.run(run.foreground(choices, console))


@app.command()
def demo(
    state: State = None,
    ports: PortsOption = Ports.default,
    host: Host = None,
    auth: AuthOption = None,
    speed: Annotated[
        float, typer.Option(min=0.01, help="How fast the year passes; 1 takes about three minutes.")
    ] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Leave when the demonstration is done.")] = False,
    open_browser: Open = False,
) -> None:
    """Start the stack if it isn't running, run the demonstration on real data, and stay up until Ctrl-C."""
    from deploy.demo.main import run_demo
    from deploy.demo.plans import USERS

    async def work(urls: Urls) -> None:
        asked = choices.settings.auth == "token"
        users = await tokens.for_the_demonstration(urls.nats, USERS) if asked else None
        await run_demo(urls, speed=speed, console=console, state_dir=choices.state.path, tokens=users)

    choices = _choices(state, ports, host, auth, open_browser)
    if choices.state.running():
        asyncio.run(work(Urls(**choices.state.record().urls)))
    else:
        asyncio.run(run.foreground(choices, console, work, once=once))


@app.command()
def down(state: State = None) -> None:
    """Stop the stack and wait until nothing of it is left. Its data stay."""
    directory = _choices(state).state
    if run.stop(directory, console):
        console.print("Stopped.")
    else:
        console.print(f"No stack is running in {directory.path}.")


@app.command()
def status(
    state: State = None, as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False
) -> None:
    """Show the addresses and each part's state. Exit code: 0 all ready, 1 something isn't, 3 not running."""
    record = _choices(state).state.record()
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(record), indent=2).decode() + "\n")
    elif record.state == "stopped":
        console.print("No stack is running.")
    else:
        console.print(screen.parts_table(record))
        screen.where_to_look(console, record.urls)
    raise typer.Exit({"ready": 0, "stopped": NOT_RUNNING}.get(record.state, NOT_READY))


@app.command()
def logs(
    part: Annotated[str, typer.Argument(help=f"One of: {', '.join(part.name for part in PARTS)}, supervisor.")],
    state: State = None,
    lines: Annotated[int, typer.Option("-n", "--lines", min=1, help="How many of the last lines.")] = 50,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with what comes.")] = False,
) -> None:
    """Print the end of a part's log."""
    part_logs.show(_choices(state).state, part, lines, follow=follow, write=sys.stdout.write)


@app.command()
def doctor(
    state: State = None,
    ports: PortsOption = Ports.default,
    host: Host = None,
    auth: AuthOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Say what is wrong and what to do. Exit code 1 when something keeps the stack from working."""
    settings = _choices(state, ports, host, auth).settings
    wanted = {
        name: (port.configured(), port.setting)
        for part in PARTS
        if ports is Ports.default and not part.elsewhere(settings)
        for name, port in part.ports.items()
    }
    findings = list(examination.examine(settings.state_dir, wanted, settings))
    if as_json:
        listed = [{"level": found.level, "what": found.problem.what, "fix": found.problem.fix} for found in findings]
        sys.stdout.write(json.dumps(listed, indent=2) + "\n")
    else:
        console.print(examination.system(), style="dim")
        screen.say_findings(console, findings)
    raise typer.Exit(NOT_READY if any(found.level == "error" for found in findings) else 0)


def main() -> None:
    """Runs the command line. A problem is said in words, never as a traceback."""
    try:
        app(standalone_mode=True)
    except Problem as problem:
        screen.say_problem(errors, problem)
        sys.exit(NOT_READY)
    except KeyboardInterrupt:
        sys.exit(130)


def _choices(
    state: Path | None,
    ports: Ports = Ports.default,
    host: str | None = None,
    auth: AuthChoice | None = None,
    open_browser: bool = False,
) -> run.Choices:
    options: dict[str, object] = {"state_dir": state, "host": host, "auth": auth.value if auth else None}
    given = {name: value for name, value in options.items() if value is not None}
    choice: PortChoice = "auto" if ports is Ports.auto else "default"
    return run.Choices(LocalSettings().model_copy(update=given), choice, open_browser, PARTS)


def _again(choices: run.Choices) -> list[str]:
    """The options that make another `lifecycle up` start the same stack."""
    settings = choices.settings
    state = str(StateDirectory(settings.state_dir).path)
    options = ["--state", state, "--ports", choices.ports, "--host", settings.host, "--auth", settings.auth]
    return options + (["--open"] if choices.open_browser else [])
