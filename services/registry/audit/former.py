"""The chain as former versions kept it, with each row's place written into the row; blocks go on from its end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from services.contracts.audit import AuditHead
from services.runtime.chain import SEAL, Verdict, canonical


def sealed(head: AuditHead, row: Mapping[str, Any]) -> AuditHead:
    """The head of the chain once `row` is its next link: sha256(hash before, newline, number, newline, row)."""
    number = head.number + 1
    content = b"\n".join((head.hash.encode(), str(number).encode(), canonical(row)))
    return AuditHead(number=number, hash=hashlib.sha256(content).hexdigest())


def first_problem(head: AuditHead, rows: Iterable[Mapping[str, Any]]) -> Verdict:
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
