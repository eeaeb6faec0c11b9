"""Artifacts in object stores, by configuration alone: S3 and Google against a double, Azure against Azurite."""

import base64
import hashlib
import hmac
import json
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from email.utils import formatdate
from pathlib import Path

import httpx
import pytest
from obstore.store import AzureStore, S3Store, from_url

from services.contracts.errors import Unavailable
from services.registry.artifacts.rules import blob_key
from services.registry.artifacts.store import CHUNK, SMALL, Blobs
from tests.integration.registry.processes import RegistryProcess
from tests.support.object_store import Bucket, object_store
from tests.support.servers import drop

AZURITE = os.environ.get("AZURITE_URL")
"""Where a real Azurite's blob service listens, such as http://127.0.0.1:10000: docs/guides/mlflow.md starts one."""
_AZURITES_ACCOUNT = "devstoreaccount1"
_AZURITES_KEY = os.environ.get("AZURITE_KEY", "")  # the one that Azurite documents


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Bucket]:
    with object_store() as (address, held):
        account = {"gcs_base_url": address, "disable_oauth": True, "client_email": "", "private_key": ""}
        (tmp_path / "account.json").write_text(json.dumps({**account, "private_key_id": ""}))
        monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT", str(tmp_path / "account.json"))
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_REGION", "eu-central-1")
        yield held


async def chunks(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 100_000):
        yield content[start : start + 100_000]


async def read(blobs: Blobs, sha256: str, start: int, end: int) -> bytes:
    return b"".join([chunk async for chunk in blobs.read(sha256, start, end)])


@pytest.mark.parametrize("storage", ["s3", "gs"])
@pytest.mark.parametrize("size", [0, 10, SMALL, SMALL + 1, 6 * CHUNK + 5])
async def test_content_goes_there_once_and_comes_back_by_range(size: int, storage: str, bucket: Bucket) -> None:
    blobs = Blobs(f"{storage}://models/artifacts")
    content = bytes(number % 251 for number in range(size))
    for _ in range(2):
        assert await blobs.receive(chunks(content)) == (hashlib.sha256(content).hexdigest(), size)
    sha256 = hashlib.sha256(content).hexdigest()
    assert list(bucket.objects) == [f"artifacts/{blob_key(sha256)}"]
    assert await read(blobs, sha256, 0, size) == content
    assert await read(blobs, sha256, size // 3, size // 2) == content[size // 3 : size // 2]


@pytest.mark.parametrize("storage", ["s3", "gs"])
async def test_content_there_is_listed_put_aside_and_removed(storage: str, bucket: Bucket) -> None:
    await check_listing(Blobs(f"{storage}://models/artifacts"))


async def check_listing(blobs: Blobs) -> None:
    digests = sorted([(await blobs.receive(chunks(bytes([number]))))[0] for number in range(5)])
    found = await blobs.below("sha256")
    assert sorted((entry.key, entry.size) for entry in found) == [(blob_key(digest), 1) for digest in digests]
    assert [entry.key for entry in await blobs.below(f"sha256/{digests[0][:2]}")] == [blob_key(digests[0])]
    await blobs.doom(blob_key(digests[0]))
    assert not await blobs.has(digests[0])
    assert [entry.key for entry in await blobs.below("doomed")] == [f"doomed/{blob_key(digests[0])}"]
    await blobs.spare(blob_key(digests[0]))
    assert await blobs.has(digests[0])
    await blobs.drop(blob_key(digests[0]))
    with pytest.raises(Unavailable):
        await read(blobs, digests[0], 0, 1)


@pytest.mark.parametrize("storage", ["s3", "gs"])
async def test_an_upload_that_breaks_off_leaves_nothing_there(storage: str, bucket: Bucket) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * (SMALL + 1)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await Blobs(f"{storage}://models/artifacts").receive(broken())
    assert bucket.objects == {}


@pytest.mark.skipif(AZURITE is None, reason="AZURITE_URL isn't set: Azurite is too large to install for every run")
async def test_azure_keeps_content_as_the_others_do(monkeypatch: pytest.MonkeyPatch) -> None:
    container = f"c{uuid.uuid4().hex}"
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", _AZURITES_ACCOUNT)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", _AZURITES_KEY)
    monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", f"{AZURITE}/{_AZURITES_ACCOUNT}")
    monkeypatch.setenv("AZURE_ALLOW_HTTP", "true")
    address = f"{AZURITE}/{_AZURITES_ACCOUNT}/{container}?restype=container"
    async with httpx.AsyncClient() as client:
        made = await client.put(address, headers=_signed(f"/{container}"))
    assert made.status_code == 201, made.text
    blobs = Blobs(f"az://{container}/artifacts")
    await check_listing(blobs)
    for size in (0, SMALL + 1, 6 * CHUNK + 5):
        content = bytes(number % 251 for number in range(size))
        sha256 = hashlib.sha256(content).hexdigest()
        for _ in range(2):
            assert await blobs.receive(chunks(content)) == (sha256, size)
        assert await read(blobs, sha256, size // 3, size) == content[size // 3 :]


def _signed(path: str) -> dict[str, str]:
    """The headers of a request that makes the container at `path` (Azure's shared key)."""
    stated = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
    said = "\n".join(f"{name}:{value}" for name, value in stated.items())
    text = "PUT" + "\n" * 12 + f"{said}\n/{_AZURITES_ACCOUNT}/{_AZURITES_ACCOUNT}{path}\nrestype:container"
    signature = hmac.digest(base64.b64decode(_AZURITES_KEY), text.encode(), "sha256")
    return {**stated, "authorization": f"SharedKey {_AZURITES_ACCOUNT}:{base64.b64encode(signature).decode()}"}


def test_addresses_of_azure_and_others_choose_their_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "a2V5")
    assert isinstance(from_url("az://container/prefix"), AzureStore)
    assert isinstance(from_url("s3://bucket/prefix"), S3Store)
    Blobs("az://container/prefix")


def test_a_registry_keeps_files_in_s3_by_its_settings_alone(
    bucket: Bucket, mongodb: str, nats: str, tmp_path: Path
) -> None:
    registry = RegistryProcess(mongodb, nats, tmp_path, {"REGISTRY_ARTIFACTS": "s3://models/artifacts"})
    files = "/api/2.0/mlflow-artifacts"
    try:
        registry.start()
        with httpx.Client(base_url=registry.url, timeout=30) as client:
            whole = bytes(number % 251 for number in range(2 * SMALL))
            assert client.put(f"{files}/artifacts/0/r/artifacts/whole.bin", content=whole).status_code == 200
            wish = {"path": "parts.bin", "num_parts": 2}
            begun = client.post(f"{files}/mpu/create/0/r/artifacts", json=wish).json()
            etags = [
                client.put(part["url"], content=whole[number::2]).headers["etag"]
                for number, part in enumerate(begun["credentials"])
            ]
            parts = [{"part_number": number, "etag": etag} for number, etag in enumerate(etags, start=1)]
            end = {"path": "parts.bin", "upload_id": begun["upload_id"], "parts": parts}
            assert client.post(f"{files}/mpu/complete/0/r/artifacts", json=end).status_code == 200
            got = client.get(f"{files}/artifacts/0/r/artifacts/parts.bin", headers={"range": f"bytes=5-{SMALL + 4}"})
            assert got.content == (whole[::2] + whole[1::2])[5 : SMALL + 5]
            assert client.get(f"{files}/artifacts/0/r/artifacts/whole.bin").content == whole
    finally:
        registry.kill()
        drop(mongodb, registry.database)
    kept = [key for key in bucket.objects if "/staging/" not in key]
    assert sorted(kept) == sorted(
        f"artifacts/{blob_key(hashlib.sha256(content).hexdigest())}" for content in (whole, whole[::2] + whole[1::2])
    )
    assert not (tmp_path / "artifacts").exists()
