"""Sending what waits for webhooks: at least once, signed, with growing pauses."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx
import structlog
from prometheus_client import Counter
from pymongo.errors import PyMongoError

from services.contracts.errors import Invalid, LifecycleError
from services.monitor.webhooks.rules import (
    DELIVERY_HEADER,
    EVENT_HEADER,
    GIVE_UP_AFTER,
    SIGNATURE_HEADER,
    Webhook,
    is_private,
    pause,
    private_refused,
    signature,
)
from services.monitor.webhooks.store import Delivery, MongoWebhooks

log = structlog.get_logger()

EVERY_SECONDS: Final = 1.0
WORKERS: Final = 4
TIMEOUT_SECONDS: Final = 10.0
LEASE: Final = timedelta(seconds=60)
"""Longer than an attempt can take: nobody else tries the same delivery meanwhile."""

_attempts = Counter("lifecycle_monitor_webhook_attempts_total", "Attempts to deliver", ["outcome"])


class WebhookSender:
    """Several processes may run one each. Redirects aren't followed: they would lead around the checks."""

    def __init__(self, webhooks: MongoWebhooks, *, private_allowed: bool) -> None:
        self._webhooks = webhooks
        self._private_allowed = private_allowed

    async def run(self) -> None:
        """Runs until cancelled; waits out whatever is unavailable. A slow receiver holds up one worker of several."""
        async with _client() as client, asyncio.TaskGroup() as workers:
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
        delivery = await self._webhooks.take(LEASE)
        if delivery is None:
            return False
        webhook = await self._webhooks.get(delivery.webhook)
        if webhook is None:
            await self._webhooks.drop(delivery)
            return True
        problem = await self._attempt(client, webhook, delivery)
        if problem is None:
            _attempts.labels("delivered").inc()
            await self._webhooks.delivered(delivery)
            return True
        given_up = datetime.now(UTC) - delivery.made >= GIVE_UP_AFTER
        _attempts.labels("given_up" if given_up else "failed").inc()
        log.warning("a webhook didn't take its delivery", webhook=webhook.id, problem=problem, given_up=given_up)
        again = None if given_up else timedelta(seconds=pause(delivery.attempts))
        await self._webhooks.failed(delivery, problem, again)
        return True

    async def _attempt(self, client: httpx.AsyncClient, webhook: Webhook, delivery: Delivery) -> str | None:
        """What went wrong, or None."""
        url = httpx.URL(webhook.url)
        headers = {
            "content-type": "application/json",
            "user-agent": "lifecycle-monitor",
            "host": url.netloc.decode(),
            DELIVERY_HEADER: delivery.id,
            EVENT_HEADER: delivery.type,
            SIGNATURE_HEADER: signature(webhook.secret, delivery.body, int(time.time())),
        }
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                # The address that was checked is the one connected to: a name may stand for another a moment later.
                address = await self._address(url)
                request = client.build_request(
                    "POST",
                    url.copy_with(host=address),
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
        if response.is_success:
            return None
        return f"answered {response.status_code}"

    async def _address(self, url: httpx.URL) -> str:
        """The first address of the host. Raises Invalid if one of them isn't public and that isn't allowed."""
        port = url.port or (443 if url.scheme == "https" else 80)
        found = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        if not self._private_allowed:
            for address in addresses:
                if is_private(address):
                    raise private_refused(address)
        return addresses[0]


@asynccontextmanager
async def _client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=TIMEOUT_SECONDS) as client:
        yield client
