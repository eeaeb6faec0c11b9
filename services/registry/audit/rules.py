"""The chain over audit rows: each hash covers its row and the hash before, so that no change goes unseen."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from services.contracts.audit import AuditHead

START = AuditHead(number=0, hash="0" * 64)
"""What the first row is chained to."""
SEAL = "seal"


def canonical(row: Mapping[str, Any]) -> bytes:
    """A row without its seal, the same bytes whatever order its fields come in."""
    content = {key: value for key, value in row.items() if key != SEAL}
    return json.dumps(_plain(content), sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return {"$time": round(moment.timestamp() * 1000)}
    if isinstance(value, bytes):
        return {"$bytes": value.hex()}
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": repr(value)}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return {"$other": str(value)}


def sealed(head: AuditHead, row: Mapping[str, Any]) -> AuditHead:
    """The head of the chain once `row` is its next link: sha256(hash before, newline, number, newline, row)."""
    number = head.number + 1
    content = b"\n".join((head.hash.encode(), str(number).encode(), canonical(row)))
    return AuditHead(number=number, hash=hashlib.sha256(content).hexdigest())


def chained(head: AuditHead, rows: Iterable[Mapping[str, Any]]) -> list[tuple[Any, AuditHead]]:
    """Each row's id with its place in the chain, in the order given."""
    links = []
    for row in rows:
        head = sealed(head, row)
        links.append((row["_id"], head))
    return links


def first_problem(head: AuditHead, rows: Iterable[Mapping[str, Any]]) -> tuple[AuditHead, int | None, Any, str | None]:
    """Follows sealed rows, in order of their numbers, on from `head`: how far the chain holds, and what breaks it.

    An edited row has another hash than its seal says; a deleted one leaves a gap, a doubled one repeats a number;
    reordered ones have each other's numbers, and so other hashes.
    """
    for row in rows:
        number = row[SEAL]["n"]
        expected = head.number + 1
        if number != expected:
            what = f"row {expected} is missing" if number > expected else f"there are two rows {number}"
            return head, min(number, expected), row["_id"] if number < expected else None, what
        link = sealed(head, row)
        if link.hash != row[SEAL]["h"]:
            return head, number, row["_id"], f"row {number} isn't what was sealed: it, or what came before, was changed"
        head = link
    return head, None, None, None


def wrong_end(upto: AuditHead, recorded: AuditHead) -> str:
    """What it means that the rows end at `upto`, while the recorded head is another."""
    if upto.number < recorded.number:
        return f"the chain ends at row {upto.number}, but its head says {recorded.number}: the tail was cut"
    if upto.number > recorded.number:
        return f"the chain's head is at row {recorded.number}, before row {upto.number}: the tail was cut"
    return f"row {upto.number} has another hash than it had: the chain was written anew"
