"""`lifecycle card`: a version's model card, published, printed or written to a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.local.problems import Problem
from deploy.local.tokens import State, ask
from services.contracts.cards import CardView, GetCard, PublishCard
from services.runtime.bus import Bus
from services.runtime.context import Context

SECONDS = 30.0
console = Console(highlight=False, stderr=True)


def card(
    model: Annotated[str, typer.Argument(help="The registered model.")],
    version: Annotated[str, typer.Argument(help="Its version, or an alias such as @champion.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A file: .html is a page of its own, anything else Markdown.")
    ] = None,
    publish: Annotated[bool, typer.Option("--publish", help="Publish the card as it is now.")] = False,
    draft: Annotated[bool, typer.Option("--draft", help="As it would be now, not as it was published.")] = False,
    state: State = None,
) -> None:
    """Print a version's model card as Markdown, or write it to a file."""

    async def work(bus: Bus, context: Context) -> CardView:
        if publish:
            await bus.request(PublishCard(model_name=model, version=version), context, timeout=SECONDS)
        return await bus.request(GetCard(model_name=model, version=version, draft=draft), context, timeout=SECONDS)

    found = ask(state, work, SECONDS)
    if out is None:
        sys.stdout.write(found.markdown)
    else:
        try:
            out.write_text(found.html if out.suffix.lower() in (".html", ".htm") else found.markdown)
        except OSError as error:
            raise Problem(f"{out} can't be written: {error.strerror}.", "Name another file.") from error
    what = f"revision {found.revision}" if found.revision else "a draft"
    stale = "" if found.current or not found.revision else "; what it says has changed since (--publish)"
    console.print(f"{what}{stale}", style="dim")
    if found.missing:
        console.print(f"nothing yet on: {', '.join(found.missing).replace('_', ' ')}", style="dim")
