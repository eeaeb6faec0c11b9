"""The audit trail of a running registry, and what tampering with the database shows."""

import asyncio
import contextlib
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.collection import Collection

from deploy.local.servers import mongo_client
from services.contracts.audit import AuditVerdict, GetAuditHead, ListAudit, VerifyAudit
from services.contracts.identity import Role
from services.contracts.insights import WriteInsight
from services.contracts.paging import Paging
from tests.integration.registry.asking import Asker
from tests.integration.registry.processes import RegistryProcess
from tests.support.waiting import until


@pytest.fixture
def rows(registry: RegistryProcess, mongodb: str) -> Iterator[Collection[dict[str, Any]]]:
    with contextlib.closing(mongo_client(mongodb, milliseconds=60_000)) as client:
        yield client[registry.database]["audit"]


async def write(ask: Asker, count: int) -> None:
    await asyncio.gather(*(ask(WriteInsight(title=f"note {n}", text="x"), f"user{n % 3}") for n in range(count)))


async def all_sealed(ask: Asker) -> AuditVerdict:
    async def sealed() -> AuditVerdict | None:
        verdict = await ask(VerifyAudit())
        return verdict if verdict.unsealed == 0 else None

    verdict = await until(sealed, what="every row is in the chain")
    assert verdict is not None
    return verdict


async def test_every_change_is_listed_with_who_and_what_and_its_place_in_the_chain(ask: Asker) -> None:
    user = f"user-{uuid.uuid4().hex[:6]}"
    await ask(WriteInsight(title="T", text="x"), user)
    verdict = await all_sealed(ask)
    assert (verdict.problem, verdict.done) == (None, True)
    page = await ask(ListAudit(user=user, paging=Paging(first=10)))
    [row] = [edge.node for edge in page.edges]
    assert (row.action, row.role, row.via, len(row.events)) == ("write_insight", "admin", "token", 1)
    assert row.number is not None
    assert (await ask(ListAudit(user=user, end=row.time))).edges == []
    assert (await ask(ListAudit(user=user), "eve", Role.VIEWER)).edges[0].node.remote == ""


async def test_tampering_names_the_first_bad_row(ask: Asker, rows: Collection[dict[str, Any]]) -> None:
    await write(ask, 30)
    verdict = await all_sealed(ask)
    assert verdict.problem is None
    last = verdict.upto.number
    blocks = rows.database["audit_blocks"]
    order = [row for block in blocks.find().sort("_id", 1) for row in block["rows"]]
    assert len(order) == last
    victim = rows.find_one({"_id": order[-11]})
    assert victim is not None

    rows.update_one({"_id": victim["_id"]}, {"$set": {"user": "nobody"}})
    edited = await ask(VerifyAudit())
    assert (edited.bad_number, edited.bad_id) == (last - 10, victim["_id"])
    part = await ask(VerifyAudit(limit=3))
    assert (part.problem, part.done, part.upto.number) == (None, False, 3)
    rows.replace_one({"_id": victim["_id"]}, victim)
    assert (await ask(VerifyAudit())).problem is None

    rows.delete_one({"_id": victim["_id"]})
    assert (await ask(VerifyAudit())).bad_number == last - 10
    rows.insert_one(victim)

    rows.insert_one({**victim, "_id": "added-by-hand"})
    added = await ask(VerifyAudit())
    assert (added.bad_number, added.bad_id) == (last + 1, "added-by-hand")
    rows.delete_one({"_id": "added-by-hand"})

    [tail] = blocks.find().sort("_id", -1).limit(1)
    blocks.delete_one({"_id": tail["_id"]})
    cut = await ask(VerifyAudit())
    assert cut.bad_number == tail["n"] + 1
    assert "tail was cut" in (cut.problem or "")
    blocks.insert_one({**tail, "hashes": ["0" * 64, *tail["hashes"][1:]]})
    assert (await ask(VerifyAudit())).bad_number == tail["n"] + 1
    blocks.replace_one({"_id": tail["_id"]}, tail)
    assert (await ask(VerifyAudit())).problem is None


def lifecycle(nats: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.local", "audit", *options],
        env={**os.environ, "NATS_URL": nats}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


async def test_the_command_line_verifies_against_a_head_kept_elsewhere(
    ask: Asker, rows: Collection[dict[str, Any]], nats: str
) -> None:
    await write(ask, 5)
    await all_sealed(ask)
    alone = ("--of", "registry")
    head = lifecycle(nats, "head", *alone).stdout.strip()
    assert head.split(":")[:2] == ["registry", str((await ask(GetAuditHead())).number)]
    good = lifecycle(nats, "verify", *alone, "--since", head)
    assert (good.returncode, "The chain holds (registry)" in good.stdout) == (0, True)
    forged = lifecycle(nats, "verify", *alone, "--since", f"{head.split(':')[1]}:{'0' * 64}")
    assert (forged.returncode, "Broken (registry)" in forged.stdout) == (1, True)
    both = lifecycle(nats, "verify")  # no monitor runs here
    assert (both.returncode, "The chain holds (registry)" in both.stdout) == (1, True)
    assert "monitor" in both.stdout + both.stderr
