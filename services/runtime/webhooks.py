"""Sending facts to addresses outside: signed, at least once with a stable id, with growing pauses, no private networks.

A noun of a service keeps its webhooks and says who wants what; deliveries wait in its database and are added to the
same change as whatever they tell of.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import httpx
import structlog
from prometheus_client import Counter
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.errors import PyMongoError

from services.contracts.conditions import Condition, Ordering
from services.contracts.errors import Invalid, LifecycleError
from services.contracts.paging import Page, Paging
from services.runtime import conditions
from services.runtime.conditions import Field
from services.runtime.outbox import Change
from services.runtime.paging import page_of
from services.runtime.store import Store, translated

log = structlog.get_logger()

T = TypeVar("T")

MAX_URL: Final = 2_000
FIRST_PAUSE_SECONDS: Final = 5.0
LONGEST_PAUSE_SECONDS: Final = 3600.0
GIVE_UP_AFTER: Final = timedelta(days=3)
"""A delivery that nobody has accepted for so long is dropped, and the webhook says so."""
EVERY_SECONDS: Final = 1.0
WORKERS: Final = 4
TIMEOUT_SECONDS: Final = 10.0
LEASE: Final = timedelta(seconds=60)
"""Longer than an attempt can take: nobody else tries the same delivery meanwhile."""

SIGNATURE_HEADER: Final = "Lifecycle-Signature"
DELIVERY_HEADER: Final = "Lifecycle-Delivery"
EVENT_HEADER: Final = "Lifecycle-Event"

DELIVERIES: Final = "webhook_deliveries"
STANDINGS: Final = "webhook_standings"
INDEXES: Mapping[str, list[IndexModel]] = {
    DELIVERIES: [IndexModel([("due", ASCENDING)]), IndexModel([("webhook", ASCENDING), ("due", ASCENDING)])]
}
FIELDS: Mapping[str, Field] = {
    "type": Field("type"),
    "made_at": Field("made", "time"),
    "due_at": Field("due", "time"),
    "attempts": Field("attempts", "number"),
}
"""What lists of deliveries can be asked for."""

_attempts = Counter("lifecycle_webhook_attempts_total", "Attempts to deliver to a webhook", ["database", "outcome"])


@dataclass(frozen=True, slots=True)
class Target:
    """Where a webhook's deliveries go, and what they are signed with."""

    url: str
    secret: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one webhook. `attempts` counts this one."""

    id: str
    webhook: str
    type: str
    body: bytes
    made: datetime
    attempts: int


def signature(secret: str, body: bytes, at: int) -> str:
    """`t=UNIX_SECONDS,v1=HEX`: HMAC SHA-256 of `t`, a dot and the body."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def pause(attempts: int) -> float:
    """Seconds before the next attempt after so many: doubling from FIRST_PAUSE_SECONDS."""
    return float(min(FIRST_PAUSE_SECONDS * 2.0 ** min(attempts - 1, 30), LONGEST_PAUSE_SECONDS))


def is_private(address: str) -> bool:
    """Whether it is an IP address that isn't on the public Internet; False for a host name."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return not (mapped or ip).is_global or (mapped or ip).is_multicast


def checked_url(url: str, *, private_allowed: bool) -> str:
    """Raises Invalid unless it is an http(s) address without credentials that may be reached.

    A host name is looked up when something is sent, not here.
    """
    if len(url) > MAX_URL:
        raise Invalid(f"at most {MAX_URL} characters", code="TOO_LONG", field="url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Invalid(f"{url!r} is no address: {error}", code="BAD_URL", field="url") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or not url.isascii():
        raise Invalid(
            "a webhook's address begins with https:// or http:// and names a host",
            code="BAD_URL",
            field="url",
            fix="For example https://deploy.example.com/lifecycle",
        )
    if any(character.isspace() or not character.isprintable() for character in url):
        raise Invalid("an address holds no spaces", code="BAD_URL", field="url")
    if parts.username is not None or parts.password is not None:
        raise Invalid(
            "an address with credentials is shown to everybody who may see webhooks",
            code="BAD_URL",
            field="url",
            fix="Check the signature instead.",
        )
    if not private_allowed and (parts.hostname.lower() == "localhost" or is_private(parts.hostname)):
        raise _private(parts.hostname)
    return url


def _private(host: str) -> Invalid:
    return Invalid(
        f"{host} isn't on the public Internet",
        code="PRIVATE_ADDRESS",
        field="url",
        fix="An operator may allow webhooks to reach private networks, by a setting.",
    )


class WebhookQueue:
    """What waits to be sent, in MongoDB. A delivery's progress is bookkeeping of the one who sends."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, change: Change, event_id: str, webhook: str, type_: str, body: bytes, now: datetime) -> None:
        """Adds a delivery to a change; its id is stable for the event and the webhook."""
        change.insert(
            DELIVERIES,
            {
                "_id": delivery_id(event_id, webhook),
                "webhook": webhook,
                "type": type_,
                "body": body,
                "made": now,
                "due": now,
                "attempts": 0,
            },
        )

    def forget(self, change: Change, webhook: str) -> None:
        change.delete_many(DELIVERIES, {"webhook": webhook})
        change.delete_many(STANDINGS, {"_id": webhook})

    async def waiting(self, webhook: str) -> int:
        with translated():
            return int(await self._store[DELIVERIES].count_documents({"webhook": webhook}))

    async def page(
        self,
        webhook: str,
        where: Condition | None,
        order: Sequence[Ordering],
        paging: Paging,
        view: Callable[[Mapping[str, Any]], T],
    ) -> Page[T]:
        """What waits for a webhook, oldest first unless another order is asked for."""
        wanted = {"$and": [{"webhook": webhook}, conditions.query(where, FIELDS)]}
        keys = conditions.keys(order, FIELDS, [("_id", 1)])
        return await page_of(self._store[DELIVERIES], wanted, keys, paging, view)

    async def standing(self, webhook: str) -> tuple[str | None, datetime | None]:
        """The newest attempt's problem (None: it was accepted) and when one was accepted last."""
        with translated():
            row = await self._store[STANDINGS].find_one({"_id": webhook})
        return (None, None) if row is None else (row.get("problem"), row.get("delivered_at"))

    async def take(self) -> Delivery | None:
        """The delivery that is due longest; nobody else takes it within the lease."""
        now = datetime.now(UTC)
        with translated():
            row = await self._store[DELIVERIES].find_one_and_update(
                {"due": {"$lte": now}},
                {"$set": {"due": now + LEASE}, "$inc": {"attempts": 1}},
                sort=[("due", ASCENDING)],
                return_document=ReturnDocument.AFTER,
            )
        if row is None:
            return None
        return Delivery(row["_id"], row["webhook"], row["type"], bytes(row["body"]), row["made"], int(row["attempts"]))

    async def remove(self, delivery: Delivery) -> None:
        with translated():
            await self._store[DELIVERIES].delete_one({"_id": delivery.id})

    async def put_off(self, delivery: Delivery, seconds: float) -> None:
        due = datetime.now(UTC) + timedelta(seconds=seconds)
        with translated():
            await self._store[DELIVERIES].update_one({"_id": delivery.id}, {"$set": {"due": due}})

    async def note(self, webhook: str, **standing: Any) -> None:
        with translated():
            await self._store[STANDINGS].update_one({"_id": webhook}, {"$set": standing}, upsert=True)

    @property
    def name(self) -> str:
        return self._store.name


def delivery_id(event_id: str, webhook: str) -> str:
    return f"{event_id}-{webhook}"


class WebhookSender:
    """Several processes may run one each. Redirects aren't followed: they would lead around the checks.

    `target` says where a webhook's deliveries go; None: it is no more.
    """

    def __init__(
        self, queue: WebhookQueue, target: Callable[[str], Awaitable[Target | None]], *, private_allowed: bool
    ) -> None:
        self._queue = queue
        self._target = target
        self._private_allowed = private_allowed

    async def run(self) -> None:
        """Runs until cancelled; waits out whatever is unavailable. A slow receiver holds up one worker of several."""
        async with (
            httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=TIMEOUT_SECONDS) as client,
            asyncio.TaskGroup() as workers,
        ):
            for _ in range(WORKERS):
                workers.create_task(self._work(client))

    async def _work(self, client: httpx.AsyncClient) -> None:
        while True:
            try:
                while await self.send_next(client):
                    pass
            except (LifecycleError, PyMongoError) as error:
                log.warning("webhooks can't be served at the moment", error=str(error))
            await asyncio.sleep(EVERY_SECONDS)

    async def send_next(self, client: httpx.AsyncClient) -> bool:
        """Tries one delivery that is due; False if there is none."""
        delivery = await self._queue.take()
        if delivery is None:
            return False
        target = await self._target(delivery.webhook)
        if target is None:
            await self._queue.remove(delivery)
            return True
        problem = await self._attempt(client, target, delivery)
        if problem is None:
            await self._queue.remove(delivery)
            await self._queue.note(delivery.webhook, delivered_at=datetime.now(UTC), problem=None)
            _attempts.labels(self._queue.name, "delivered").inc()
            return True
        given_up = datetime.now(UTC) - delivery.made >= GIVE_UP_AFTER
        _attempts.labels(self._queue.name, "given_up" if given_up else "failed").inc()
        log.warning("a webhook didn't take its delivery", webhook=delivery.webhook, problem=problem, given_up=given_up)
        if given_up:
            await self._queue.remove(delivery)
        else:
            await self._queue.put_off(delivery, pause(delivery.attempts))
        await self._queue.note(delivery.webhook, problem=problem)
        return True

    async def _attempt(self, client: httpx.AsyncClient, target: Target, delivery: Delivery) -> str | None:
        """What went wrong, or None."""
        url = httpx.URL(target.url)
        headers = {
            "content-type": "application/json",
            "user-agent": "lifecycle",
            "host": url.netloc.decode(),
            DELIVERY_HEADER: delivery.id,
            EVENT_HEADER: delivery.type,
            SIGNATURE_HEADER: signature(target.secret, delivery.body, int(time.time())),
        }
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                # The address that was checked is the one connected to: a name may stand for another a moment later.
                request = client.build_request(
                    "POST",
                    url.copy_with(host=await self._address(url)),
                    content=delivery.body,
                    headers=headers,
                    extensions={"sni_hostname": url.host},
                )
                response = await client.send(request, stream=True)
                await response.aclose()
        except TimeoutError:
            return f"no answer within {TIMEOUT_SECONDS:.0f} s"
        except (httpx.HTTPError, OSError) as error:
            return f"{type(error).__name__}: {error}"[:500]
        except Invalid as refusal:
            return refusal.message
        return None if response.is_success else f"answered {response.status_code}"

    async def _address(self, url: httpx.URL) -> str:
        """The first address of the host. Raises Invalid if one of them isn't public and that isn't allowed."""
        port = url.port or (443 if url.scheme == "https" else 80)
        found = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        private = next((address for address in addresses if is_private(address)), None)
        if private is not None and not self._private_allowed:
            raise _private(private)
        return addresses[0]
