"""`lifecycle gc`: deletes for good what was deleted long enough ago, and content that nothing has any more."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from deploy.local.tokens import State, ask
from services.contracts.registry import CollectContent, PurgeDeleted, PurgeReport
from services.runtime.bus import Bus
from services.runtime.context import Context

SECONDS = 24 * 3600.0
REQUEST_SECONDS = 600.0

console = Console(highlight=False, soft_wrap=True)


def gc(
    older_than: Annotated[
        float, typer.Option(min=0.0, metavar="DAYS", help="How long ago it must have been deleted.")
    ] = 30.0,
    state: State = None,
) -> None:
    """Delete for good what was deleted long ago: runs, logged models, experiments, and files that nothing has any more.

    What a registered version needs stays.
    """
    total, removed, size = ask(state, lambda bus, context: collected(bus, context, older_than), seconds=SECONDS)
    console.print(
        f"Deleted for good: {total.runs:,} runs, {total.logged_models:,} logged models, "
        f"{total.experiments:,} experiments; {removed:,} files of {size / 1e6:,.1f} MB that nothing had any more."
    )
    for what, ids in (("run", total.kept_runs), ("logged model", total.kept_models)):
        for id_ in ids:
            console.print(f"Kept: {what} {id_}, which a registered version needs.")


async def collected(bus: Bus, context: Context, days: float) -> tuple[PurgeReport, int, int]:
    """What was deleted for good; how many files nothing had any more, and their bytes."""
    total = PurgeReport()
    while True:
        wish = PurgeDeleted(days=days, kept_runs=len(total.kept_runs), kept_models=len(total.kept_models))
        report = await bus.request(wish, context, timeout=REQUEST_SECONDS)
        total = PurgeReport(
            runs=total.runs + report.runs,
            logged_models=total.logged_models + report.logged_models,
            experiments=total.experiments + report.experiments,
            kept_runs=[*total.kept_runs, *report.kept_runs],
            kept_models=[*total.kept_models, *report.kept_models],
        )
        if not report.more:
            break
    removed = size = 0
    after: str | None = None
    while True:
        content = await bus.request(CollectContent(after=after), context, timeout=REQUEST_SECONDS)
        removed, size, after = removed + content.removed, size + content.bytes, content.next
        if after is None:
            return total, removed, size
