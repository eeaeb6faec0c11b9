"""`lifecycle import mlflow URI` and `lifecycle export mlflow URI`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.local.mlflow_copy.copying import Copying
from deploy.local.mlflow_copy.server import CopyFailed, MlflowServer, Refusal

LEFT_OUT = 1
SHOWN = 20

coming = typer.Typer(no_args_is_help=True, help="Copy what another system holds into this one.")
going = typer.Typer(no_args_is_help=True, help="Copy what this system holds into another one.")
console = Console()

Experiments = Annotated[str, typer.Option(help="Only experiments with such a name; * stands for any text.")]
Models = Annotated[str, typer.Option(help="Only registered models with such a name; * stands for any text.")]
Uri = Annotated[str, typer.Argument(metavar="URI", help="The other MLflow server, as in MLFLOW_TRACKING_URI.")]
Registry = Annotated[str, typer.Option(envvar="REGISTRY_URL", help="The registry of this system.")]
Token = Annotated[
    str | None, typer.Option(envvar="LIFECYCLE_TOKEN", help="A token of this system, where it asks for one.")
]
TheirToken = Annotated[
    str | None, typer.Option(envvar="MLFLOW_TRACKING_TOKEN", help="A token of the other server, where it asks for one.")
]


@coming.callback()
def _coming() -> None:
    """Keeps `mlflow` a command of its own."""


@going.callback()
def _going() -> None:
    """Keeps `mlflow` a command of its own."""


@coming.command("mlflow")
def import_mlflow(
    uri: Uri,
    registry: Registry = "http://127.0.0.1:8001",
    token: Token = None,
    their_token: TheirToken = None,
    experiments: Experiments = "*",
    models: Models = "*",
) -> None:
    """Copy experiments, runs, models and artifacts from an MLflow server. Given again, it goes on where it stopped."""
    asyncio.run(_copied((uri, their_token), (registry, token), experiments, models))


@going.command("mlflow")
def export_mlflow(
    uri: Uri,
    registry: Registry = "http://127.0.0.1:8001",
    token: Token = None,
    their_token: TheirToken = None,
    experiments: Experiments = "*",
    models: Models = "*",
) -> None:
    """Copy experiments, runs, models and artifacts to an MLflow server. Given again, it goes on where it stopped."""
    asyncio.run(_copied((registry, token), (uri, their_token), experiments, models))


async def _copied(
    source: tuple[str, str | None], target: tuple[str, str | None], experiments: str, models: str
) -> None:
    columns = (TextColumn("{task.description:20}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        tasks = {name: bars.add_task(name, total=None) for name in ("experiments", "runs", "registered models")}

        def show(what: str, done: int, of: int) -> None:
            bars.update(tasks[what], completed=done, total=of or None)

        async with MlflowServer.at(*source) as one, MlflowServer.at(*target) as other:
            copying = Copying(one, other, show, experiments=experiments, models=models)
            try:
                await copying.all()
            except Refusal as refusal:
                raise _failed(refusal) from None
            except BaseExceptionGroup as failures:  # of runs that are copied together
                raise _failed(failures) from None
    console.print(
        "Copied: " + (", ".join(f"{count:,} {what}" for what, count in copying.counts.items()) or "nothing new")
    )
    for line in copying.left_out[:SHOWN]:
        console.print(f"Left out: {line}")
    if len(copying.left_out) > SHOWN:
        console.print(f"… and {len(copying.left_out) - SHOWN} more.")
    if copying.left_out:
        raise typer.Exit(LEFT_OUT)


def _failed(error: BaseException) -> BaseException:
    """What to say: the first thing that went wrong, if it is one of a server's."""
    first = error
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    if isinstance(first, Refusal):
        return CopyFailed(f"A server refused: {first}", "What was copied stays; the same command goes on from there.")
    return first
