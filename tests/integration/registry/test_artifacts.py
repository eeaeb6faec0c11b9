"""Artifacts as files on the wire: large ones, ranges, one content kept once, uploads that break off."""

import hashlib
import os
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil

from tests.integration.registry.processes import RegistryProcess
from tests.support.waiting import wait_until

ROOT = "/api/2.0/mlflow-artifacts/artifacts"
MEBIBYTE = 1024 * 1024


def address(registry: RegistryProcess, name: str = "file.bin") -> str:
    return f"{registry.url}{ROOT}/0/{uuid.uuid4().hex}/artifacts/{name}"


def blobs(registry: RegistryProcess) -> list[Path]:
    return [path for path in (registry.directory / "artifacts" / "sha256").rglob("*") if path.is_file()]


def staged(registry: RegistryProcess) -> list[Path]:
    return [path for path in (registry.directory / "artifacts" / "staging").rglob("*") if path.is_file()]


def test_a_large_file_streams_both_ways_in_little_memory(registry: RegistryProcess) -> None:
    block = os.urandom(MEBIBYTE)
    count = 96

    def content() -> Iterator[bytes]:
        for number in range(count):
            yield number.to_bytes(8, "big") + block[8:]

    digest = hashlib.sha256()
    for chunk in content():
        digest.update(chunk)
    process = psutil.Process(registry.pid)
    before = process.memory_info().rss
    place = address(registry)
    most = before
    assert httpx.put(place, content=content(), timeout=60).status_code == 200
    most = max(most, process.memory_info().rss)
    received = hashlib.sha256()
    size = 0
    with httpx.stream("GET", place, timeout=60) as answer:
        for chunk in answer.iter_bytes(MEBIBYTE):
            received.update(chunk)
            size += len(chunk)
            most = max(most, process.memory_info().rss)
    assert (size, received.hexdigest()) == (count * MEBIBYTE, digest.hexdigest())
    assert most - before < 48 * MEBIBYTE
    assert staged(registry) == []


def test_a_range_of_a_file_is_sent_and_one_beyond_it_refused(registry: RegistryProcess) -> None:
    place = address(registry)
    content = os.urandom(700_000)
    httpx.put(place, content=content)
    answer = httpx.get(place, headers={"range": "bytes=1000-400999"})
    assert (answer.status_code, answer.content) == (206, content[1000:401_000])
    assert answer.headers["content-range"] == "bytes 1000-400999/700000"
    assert httpx.get(place, headers={"range": "bytes=-5"}).content == content[-5:]
    assert httpx.get(place, headers={"range": "bytes=700000-"}).status_code == 416
    whole = httpx.get(place)
    assert httpx.get(place, headers={"if-none-match": whole.headers["etag"]}).status_code == 304
    assert httpx.head(place).headers["content-length"] == "700000"


def test_the_same_content_is_kept_once(registry: RegistryProcess) -> None:
    content = os.urandom(300_000)
    before = len(blobs(registry))
    places = [address(registry, name) for name in ("a", "b")]
    for place in places:
        assert httpx.put(place, content=content).status_code == 200
    assert len(blobs(registry)) == before + 1
    httpx.delete(places[0])
    assert httpx.get(places[0]).status_code == 404
    assert httpx.get(places[1]).content == content


def test_an_upload_that_breaks_off_leaves_nothing(registry: RegistryProcess) -> None:
    place = address(registry)
    path = place.removeprefix(registry.url)
    with socket.create_connection(("127.0.0.1", registry.port)) as connection:
        head = f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n"
        connection.sendall(head.encode() + os.urandom(3 * MEBIBYTE))
    wait_until(lambda: staged(registry) == [], within=10, what="the half of it is gone")
    assert httpx.get(place).status_code == 404


def test_no_browser_runs_what_was_uploaded(registry: RegistryProcess) -> None:
    place = address(registry, "page.html")
    httpx.put(place, content=b"<script>alert(1)</script>")
    headers = httpx.get(place).headers
    assert headers["content-disposition"].startswith("attachment")
    assert headers["x-content-type-options"] == "nosniff"
