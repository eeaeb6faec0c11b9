"""The gauges of streams and consumers, against a real NATS server."""

from nats.aio.client import Client
from nats.js.api import ConsumerConfig
from prometheus_client import REGISTRY

from services.contracts.streams import Stream
from services.runtime.bus import stream_config
from services.runtime.stream_metrics import look

OWN = Stream("OBSERVED", ("observed.>",), max_bytes=1_000_000, max_message_bytes=10_000)


async def test_a_stream_shows_its_bytes_its_limit_and_how_far_its_consumers_are_behind(nats: str) -> None:
    client = Client()
    await client.connect(nats)
    jetstream = client.jetstream()
    try:
        await jetstream.add_stream(stream_config(OWN))
        await jetstream.add_consumer(OWN.name, ConsumerConfig(durable_name="observer", filter_subject="observed.>"))
        await jetstream.subscribe("observed.>", ordered_consumer=True)
        for _ in range(3):
            await jetstream.publish("observed.thing", b"x" * 1000)

        await look(jetstream, OWN)

        assert 3_000 < value("lifecycle_stream_bytes", stream="OBSERVED") < 4_000
        assert value("lifecycle_stream_limit_bytes", stream="OBSERVED") == 1_000_000
        assert value("lifecycle_consumer_pending_messages", consumer="observer") == 3
        named = {consumer.name for consumer in await jetstream.consumers_info(OWN.name)}
        assert named - shown() == named - {"observer"}, "readers without a name get no series"

        fetched = await (await jetstream.pull_subscribe_bind(consumer="observer", stream=OWN.name)).fetch(3)
        for message in fetched:
            await message.ack_sync()
        await look(jetstream, OWN)
        assert value("lifecycle_consumer_pending_messages", consumer="observer") == 0
    finally:
        await jetstream.delete_stream(OWN.name)
        await client.close()


def shown() -> set[str]:
    """The consumers that have a series."""
    return {
        sample.labels["consumer"]
        for family in REGISTRY.collect()
        if family.name == "lifecycle_consumer_pending_messages"
        for sample in family.samples
    }


def value(name: str, **labels: str) -> float:
    """The value of one series of this process."""
    found = REGISTRY.get_sample_value(name, labels)
    assert found is not None, f"{name}{labels} isn't there"
    return found
