"""Webhooks of a running registry: signed, once per event, and what is wrong shows."""

import asyncio
import hashlib
import hmac
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.contracts.errors import Conflict, Forbidden, Invalid, NotFound
from services.contracts.identity import Role
from services.contracts.webhooks import (
    DeleteLifecycleWebhook,
    LifecycleWebhookView,
    ListLifecycleWebhooks,
    ListWebhookDeliveries,
    SetLifecycleWebhook,
)
from tests.integration.registry.asking import Asker
from tests.support.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore")


class Receiver:
    """An HTTP server that answers as told and remembers what came."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = (line.partition(": ") for line in head.split("\r\n")[1:])
        headers = {name.lower(): value for name, _, value in lines if name}
        self.came.append((headers, await reader.readexactly(int(headers["content-length"]))))
        status = self.answers.pop(0) if self.answers else 200
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    async with server:
        yield receiver


async def shown(ask: Asker, webhook_id: str) -> LifecycleWebhookView:
    return next(view for view in await ask(ListLifecycleWebhooks()) if view.id == webhook_id)


async def test_a_webhook_hears_of_its_model_and_says_what_is_wrong(ask: Asker, client: object) -> None:
    name = f"model-{uuid.uuid4().hex[:8]}"
    async with receiving() as receiver:
        wish = SetLifecycleWebhook(url=receiver.url, events=["registry.registered_model"], model_name=name)
        with pytest.raises(Forbidden):
            await ask(wish, "ben", Role.REVIEWER)
        written = await ask(wish)
        assert written.secret is not None
        await asyncio.to_thread(client.create_registered_model, name)  # type: ignore[attr-defined]

        async def came() -> bool:
            return len(receiver.came) == 1

        await until(came, 30, "the registration came")
        headers, body = receiver.came[0]
        stamp, _, digest = headers["lifecycle-signature"].partition(",v1=")
        expected = hmac.new(written.secret.encode(), f"{stamp.removeprefix('t=')}.".encode() + body, hashlib.sha256)
        assert digest == expected.hexdigest()
        told = json.loads(body)
        assert (told["id"], told["data"]["model_name"]) == (headers["lifecycle-delivery"], name)

        async def delivered() -> bool:
            return (await shown(ask, written.id)).state == "delivered"

        await until(delivered, 30, "the delivery is known to be accepted")

        receiver.answers = [500]
        await asyncio.to_thread(client.set_registered_model_tag, name, "a", "b")  # type: ignore[attr-defined]

        async def failing() -> bool:
            view = await shown(ask, written.id)
            return (view.state, view.waiting, view.problem) == ("failing", 1, "answered 500")

        await until(failing, 30, "what is wrong shows, and the delivery waits")
        page = await ask(ListWebhookDeliveries(webhook_id=written.id))
        [waiting] = [edge.node for edge in page.edges]
        assert (waiting.type, waiting.attempts) == ("registry.registered_model.updated.v1", 1)
        assert waiting.due_at > waiting.made_at
    await ask(DeleteLifecycleWebhook(webhook_id=written.id))
    assert written.id not in [view.id for view in await ask(ListLifecycleWebhooks())]
    with pytest.raises(NotFound):
        await ask(DeleteLifecycleWebhook(webhook_id=written.id))


async def test_a_webhook_that_makes_no_sense_is_refused(ask: Asker) -> None:
    with pytest.raises(Invalid):
        await ask(SetLifecycleWebhook(url="ftp://example.com"))
    with pytest.raises(Invalid):
        await ask(SetLifecycleWebhook(url="https://example.com", events=["registry.run"]))
    written = await ask(SetLifecycleWebhook(url="https://example.com", enabled=False))
    change = SetLifecycleWebhook(url="https://example.org", webhook_id=written.id, enabled=False, expected=1)
    assert (await ask(change)).secret is None
    with pytest.raises(Conflict):
        await ask(change)
    await ask(DeleteLifecycleWebhook(webhook_id=written.id))
