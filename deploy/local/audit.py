"""`lifecycle audit`: verifies the audit trails of registry and monitor, and prints their heads to be kept elsewhere."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Annotated, Literal

import typer
from rich.console import Console

from deploy.local.problems import Problem
from deploy.local.tokens import State, ask
from services.contracts.audit import (
    AuditHead,
    AuditVerdict,
    GetAuditHead,
    GetMonitorAuditHead,
    VerifyAudit,
    VerifyMonitorAudit,
)
from services.runtime.bus import Bus
from services.runtime.context import Context

BROKEN = 1
MOST = VerifyAudit().limit
Chain = Literal["registry", "monitor"]
CHAINS: tuple[Chain, ...] = ("registry", "monitor")

app = typer.Typer(no_args_is_help=True, help="The audit trail: who did what, and whether somebody tampered with it.")
console = Console(highlight=False, soft_wrap=True)

Of = Annotated[str | None, typer.Option(help="Only this chain: registry or monitor. Each has one of its own.")]


@app.command()
def verify(
    since: Annotated[
        str | None,
        typer.Option(help="Heads that were printed earlier, SERVICE:NUMBER:HASH: they must still be in the chains."),
    ] = None,
    of: Of = None,
    state: State = None,
) -> None:
    """Check every row against its chain. Exit code 1 names the first bad one of each."""
    known = heads_of(since) if since else {}
    broken = False
    for chain in chains(of):
        verdict = ask(state, functools.partial(_followed, chain=chain, known=known), seconds=3600)
        if verdict.problem is not None:
            broken = True
            row = f" Its id is {verdict.bad_id}." if verdict.bad_id else ""
            console.print(f"Broken ({chain}): {verdict.problem}.{row}")
        else:
            young = f"{verdict.unsealed} too young to be in it"
            console.print(f"The chain holds ({chain}): {verdict.upto.number} rows, {young}.")
            console.print(f"Head: {text_of(chain, verdict.upto)}")
    if broken:
        raise typer.Exit(BROKEN)


@app.command()
def head(of: Of = None, state: State = None) -> None:
    """Print the chains' ends, a line each. Keep them where the database's administrators can't change them."""
    for chain in chains(of):
        console.print(text_of(chain, ask(state, functools.partial(_head, chain=chain))))


def chains(of: str | None) -> Sequence[Chain]:
    """The one that is named, else all. Raises Problem for a name that is none."""
    found = [chain for chain in CHAINS if of in (None, chain)]
    if not found:
        raise Problem(f"{of!r} has no audit trail.", f"Use one of: {', '.join(CHAINS)}.")
    return found


async def _head(bus: Bus, context: Context, chain: Chain) -> AuditHead:
    if chain == "monitor":
        return await bus.request(GetMonitorAuditHead(), context)
    return await bus.request(GetAuditHead(), context)


async def _verdict(bus: Bus, context: Context, chain: Chain, after: AuditHead | None, limit: int) -> AuditVerdict:
    if chain == "monitor":
        return await bus.request(VerifyMonitorAudit(after=after, limit=limit), context, timeout=60)
    return await bus.request(VerifyAudit(after=after, limit=limit), context, timeout=60)


async def _followed(bus: Bus, context: Context, chain: Chain, known: dict[Chain, AuditHead]) -> AuditVerdict:
    """From the first row on; a known head is passed on the way."""
    upto: AuditHead | None = None
    if chain in known:
        since = await _verdict(bus, context, chain, known[chain], 1)
        if since.problem is not None:
            return since
    while True:
        verdict = await _verdict(bus, context, chain, upto, MOST)
        if verdict.done:
            return verdict
        upto = verdict.upto


def heads_of(text: str) -> dict[Chain, AuditHead]:
    """`registry:12:ab…`, `monitor:3:cd…` → heads; without a service's name, of the registry. Raises Problem."""
    heads: dict[Chain, AuditHead] = {}
    for part in text.split():
        found = re.fullmatch(r"(?:(registry|monitor):)?(\d{1,18}):([0-9a-f]{64})", part)
        if not found:
            raise Problem(f"{part!r} is no head.", "Take what `lifecycle audit head` printed.")
        chain: Chain = "monitor" if found[1] == "monitor" else "registry"
        heads[chain] = AuditHead(number=int(found[2]), hash=found[3])
    return heads


def text_of(chain: Chain, one: AuditHead) -> str:
    return f"{chain}:{one.number}:{one.hash}"
