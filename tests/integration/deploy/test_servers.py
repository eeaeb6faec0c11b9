"""The real servers, as the stack and the tests use them."""

import nats as nats_client
import pytest
from nats.js.api import StreamConfig

from deploy.local.ports import free_port
from deploy.local.probes import Unreachable
from deploy.local.servers import Mongod, mongo_client
from tests.support.servers import Server, Start
from tests.support.waiting import wait_until


def test_mongod_is_a_primary_that_commits_transactions(mongodb: str, database: str) -> None:
    with mongo_client(mongodb) as client, client.start_session() as session:
        with session.start_transaction():
            client[database].things.insert_one({"_id": 1}, session=session)
        assert client[database].things.count_documents({}) == 1
        parameters = client.admin.command("getParameter", transactionLifetimeLimitSeconds=1)
        assert parameters["transactionLifetimeLimitSeconds"] == 3


def test_mongod_keeps_acknowledged_data_when_killed(start_mongod: Start) -> None:
    server = start_mongod()
    with mongo_client(server.url) as client:
        client.kept.things.insert_one({"_id": "acknowledged"})
        server.kill9()
        server.start()
        wait_until(lambda: client.kept.things.count_documents({}) == 1, what="the document is there again")


def test_mongod_serves_its_data_on_another_port(start_mongod: Start) -> None:
    server = start_mongod()
    with mongo_client(server.url) as client:
        client.kept.things.insert_one({"_id": "moved"})
    directory = server.directory
    server.stop()
    moved = Server(Mongod(directory, free_port()), directory.parent / "moved.log")
    moved.start()
    try:
        with mongo_client(moved.url) as client:
            assert client.kept.things.find_one() == {"_id": "moved"}
    finally:
        moved.stop()


def test_a_frozen_mongod_is_not_ready_in_bounded_time(start_mongod: Start) -> None:
    server = start_mongod()
    server.freeze()
    with pytest.raises(Unreachable, match=r"mongod on 127\.0\.0\.1"):
        server.probe()
    server.thaw()
    wait_until(server.ready, what="ready after the thaw")


async def test_nats_keeps_acknowledged_messages_when_killed(start_nats: Start) -> None:
    server = start_nats()
    connection = await nats_client.connect(server.url)
    stream = connection.jetstream()
    await stream.add_stream(StreamConfig(name="KEPT", subjects=["kept.>"]))
    acknowledged = await stream.publish("kept.one", b"x" * 2_000_000)
    await connection.close()
    server.restart()
    connection = await nats_client.connect(server.url)
    info = await connection.jetstream().stream_info("KEPT")
    await connection.close()
    assert info.state.last_seq == acknowledged.seq == 1


async def test_every_test_of_a_worker_shares_the_nats_server(nats: str, nats_server: Server) -> None:
    connection = await nats_client.connect(nats)
    assert connection.max_payload == 8 * 1024 * 1024
    await connection.close()
    assert nats_server.ready()
