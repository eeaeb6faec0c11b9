"""`lifecycle tried`: asks before training whether the same, or nearly the same, was tried already."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local.problems import Problem
from deploy.local.tokens import State, ask
from services.contracts.duplicates import FindSimilarRuns, SimilarRun

SAME = 10
"""Exit code: exactly this was tried before."""
NEAR = 11
"""Exit code with `--near`: nothing the same, but something near."""

console = Console()


def tried(
    params: Annotated[
        list[str], typer.Option("--params", "-p", help="A parameter, name=value, or a JSON file of them. Repeatable.")
    ],
    dataset: Annotated[
        list[str] | None, typer.Option("--dataset", "-d", help="A dataset's digest, or NAME@DIGEST. Repeatable.")
    ] = None,
    code: Annotated[str | None, typer.Option(help="The git commit. [default: any]", show_default=False)] = None,
    entry_point: Annotated[
        str | None, typer.Option(help="The script's file name. [default: any]", show_default=False)
    ] = None,
    default: Annotated[
        list[str] | None, typer.Option("--default", help="A parameter's value when it isn't named, name=value.")
    ] = None,
    near: Annotated[bool, typer.Option("--near", help="Exit with 11 if something near was tried.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many runs to show.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
    state: State = None,
) -> None:
    """Say whether this was tried before. Exit code: 0 no, 10 exactly this, 11 (with --near) something near."""
    request = FindSimilarRuns(
        params=named(params),
        datasets=[digest_of(text) for text in dataset or []] or None,
        code_version=code,
        entry_point=entry_point,
        defaults=named(default or []),
        limit=limit,
    )
    found = ask(state, lambda bus, context: bus.request(request, context))
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
    else:
        _show(found)
    raise typer.Exit(code_of(found, near=near))


def named(entries: list[str]) -> dict[str, str]:
    """`["lr=0.1", "rest.json"]` → all parameters. Raises Problem for what is neither a pair nor a file of them."""
    values: dict[str, str] = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        if equals and name:
            values[name] = value
        else:
            values.update(_in_file(Path(entry)))
    return values


def digest_of(text: str) -> str:
    """`name@digest` or a digest alone → the digest."""
    return text.rpartition("@")[2]


def _in_file(path: Path) -> dict[str, str]:
    try:
        values = msgspec.json.decode(path.read_bytes(), type=dict[str, object])
    except OSError as error:
        raise Problem(f"{str(path)!r} is neither name=value nor a readable file.", "Write --params lr=0.1.") from error
    except msgspec.MsgspecError as error:
        raise Problem(f"{path} holds no JSON object: {error}", 'Such as {"lr": 0.1, "depth": 3}.') from error
    return {name: value if isinstance(value, str) else _text(value) for name, value in values.items()}


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def code_of(found: list[SimilarRun], *, near: bool) -> int:
    if any(run.exact for run in found):
        return SAME
    return NEAR if near and found else 0


def _show(found: list[SimilarRun]) -> None:
    if not found:
        console.print("Not tried yet.")
        return
    same = sum(run.exact for run in found)
    console.print(f"Tried already: {same} the same, {len(found) - same} near." if same else f"{len(found)} near.")
    table = Table("run", "by", "when", "differs in", "metrics")
    for run in found:
        differing = ", ".join(f"{entry.key} {entry.found or '—'}" for entry in run.differences) or "nothing"
        metrics = ", ".join(f"{key} {value:.4g}" for key, value in list(run.metrics.items())[:4])
        cells = (f"{run.run_name} {run.run_id[:8]}", run.user, f"{run.start_time:%Y-%m-%d}", differing, metrics)
        table.add_row(*map(Text, cells))
    console.print(table)
