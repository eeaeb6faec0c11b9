"""The chain over audit rows: blocks of rows' hashes, each joined to the block before, so that no change goes unseen.

A row is written once and never touched again; its hash is written with it. Blocks put rows in an order: the link of row
n is sha256(link before, newline, n, newline, hash of the row), and a block ends with the link of its last row.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from services.contracts.audit import AuditHead

START = AuditHead(number=0, hash="0" * 64)
"""What the first row is joined to."""
SEAL = "seal"
"""Where rows of former versions have their place in the chain; not part of what is hashed."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

Verdict = tuple[AuditHead, int | None, str | None, str | None]
"""How far the chain holds; and, if something is wrong, the bad row's number, its id if it is known, and words."""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows in their order, and the hash of each, following on `before`; `hash` is the link of the last one."""

    before: AuditHead
    rows: Sequence[str]
    hashes: Sequence[str]
    hash: str

    @property
    def head(self) -> AuditHead:
        return AuditHead(number=self.before.number + len(self.rows), hash=self.hash)

    def links(self) -> Iterator[tuple[str, AuditHead]]:
        """Each row's id with its place in the chain."""
        at = self.before
        for row, digest in zip(self.rows, self.hashes, strict=True):
            at = linked(at, digest)
            yield row, at


def canonical(row: Mapping[str, Any]) -> bytes:
    """A row without its seal: the same bytes whatever order its fields come in, before and after it was stored."""
    content = {key: value for key, value in row.items() if key != SEAL}
    try:
        return _quick.encode(content).encode()
    except (ValueError, TypeError):  # numbers that JSON doesn't know, keys that aren't text
        return json.dumps(_plain(content), sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, datetime):  # as MongoDB keeps it: whole milliseconds
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return {"$time": (moment - _EPOCH) // _MILLISECOND}
    if isinstance(value, bytes):
        return {"$bytes": value.hex()}
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": repr(value)}
    return {"$other": str(value)}


_quick = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False, default=_plain)
"""Gives the same bytes: what JSON knows goes by itself, the rest through `_plain`."""


def digest_of(row: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(row)).hexdigest()


def linked(head: AuditHead, digest: str) -> AuditHead:
    """The head of the chain once the row with this hash is its next link."""
    number = head.number + 1
    return AuditHead(number=number, hash=hashlib.sha256(f"{head.hash}\n{number}\n{digest}".encode()).hexdigest())


def block_of(before: AuditHead, rows: Sequence[tuple[str, str]]) -> Block:
    """The next block: ids and hashes of rows, in the order given; at least one."""
    at = before
    for _, digest in rows:
        at = linked(at, digest)
    return Block(before, [row for row, _ in rows], [digest for _, digest in rows], at.hash)


def checked(head: AuditHead, block: Block, contents: Mapping[str, Mapping[str, Any]], most: int) -> Verdict:
    """Follows at most `most` rows of a block on from `head`, which may lie within it; `contents` are rows by their ids.

    An edited row has another hash than its block says, a deleted one is missing; a block that was changed, exchanged or
    reordered, or what came before it, gives another link at its end.
    """
    expected = head.number + 1
    if not block.before.number < expected <= block.head.number:
        return head, expected, None, f"row {expected} is missing"
    at, skipped = head, head.number - block.before.number
    for row, digest in list(zip(block.rows, block.hashes, strict=True))[skipped : skipped + most]:
        number = at.number + 1
        if row not in contents:
            return at, number, row, f"row {number} is missing"
        if digest_of(contents[row]) != digest:
            return at, number, row, f"row {number} isn't what was sealed: it was changed"
        at = linked(at, digest)
    if at.number == block.head.number and at.hash != block.hash:
        what = f"rows {expected} to {at.number} aren't what was sealed: they, or what came before, were changed"
        return head, expected, None, what
    return at, None, None, None


def wrong_end(upto: AuditHead, recorded: AuditHead) -> str:
    """What it means that the rows end at `upto`, while the recorded head is another."""
    if upto.number < recorded.number:
        return f"the chain ends at row {upto.number}, but its head says {recorded.number}: the tail was cut"
    if upto.number > recorded.number:
        return f"the chain's head is at row {recorded.number}, before row {upto.number}: the tail was cut"
    return f"row {upto.number} has another hash than it had: the chain was written anew"
