"""`lifecycle audit`: verifies the audit trail, and prints its head to be kept elsewhere."""

from __future__ import annotations

import re
from typing import Annotated

import typer
from rich.console import Console

from deploy.local.problems import Problem
from deploy.local.tokens import State, ask
from services.contracts.audit import AuditHead, AuditVerdict, GetAuditHead, VerifyAudit
from services.runtime.bus import Bus
from services.runtime.context import Context

BROKEN = 1

app = typer.Typer(no_args_is_help=True, help="The audit trail: who did what, and whether somebody tampered with it.")
console = Console(highlight=False, soft_wrap=True)


@app.command()
def verify(
    since: Annotated[
        str | None, typer.Option(help="A head that was printed earlier, NUMBER:HASH: it must still be in the chain.")
    ] = None,
    state: State = None,
) -> None:
    """Check every row against the chain. Exit code 1 names the first bad one."""
    known = head_of(since) if since else None
    verdict = ask(state, lambda bus, context: _followed(bus, context, known), seconds=3600)
    if verdict.problem is not None:
        console.print(f"Broken: {verdict.problem}." + (f" Its id is {verdict.bad_id}." if verdict.bad_id else ""))
        raise typer.Exit(BROKEN)
    console.print(f"The chain holds: {verdict.upto.number} rows, {verdict.unsealed} too young to be in it.")
    console.print(f"Head: {text_of(verdict.upto)}")


@app.command()
def head(state: State = None) -> None:
    """Print the chain's end. Keep it where the database's administrators can't change it."""
    console.print(text_of(ask(state, lambda bus, context: bus.request(GetAuditHead(), context))))


async def _followed(bus: Bus, context: Context, known: AuditHead | None) -> AuditVerdict:
    """From the first row on; a known head is passed on the way."""
    upto: AuditHead | None = None
    if known is not None:
        since = await bus.request(VerifyAudit(after=known, limit=1), context)
        if since.problem is not None:
            return since
    while True:
        verdict = await bus.request(VerifyAudit(after=upto), context, timeout=60)
        if verdict.done:
            return verdict
        upto = verdict.upto


def head_of(text: str) -> AuditHead:
    """`12:ab…` → a head. Raises Problem."""
    found = re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})", text.strip())
    if not found:
        raise Problem(f"{text!r} is no head.", "Take what `lifecycle audit head` printed.")
    return AuditHead(number=int(found[1]), hash=found[2])


def text_of(one: AuditHead) -> str:
    return f"{one.number}:{one.hash}"
