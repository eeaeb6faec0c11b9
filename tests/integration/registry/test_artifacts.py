"""Artifacts as files on the wire: large ones, ranges, one content kept once, uploads that break off."""

import hashlib
import os
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

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


def test_a_name_is_a_file_or_a_directory_never_both(registry: RegistryProcess) -> None:
    file = address(registry, "d/a.txt")
    directory = file.rpartition("/")[0]
    assert httpx.put(file, content=b"1").status_code == 200
    assert httpx.put(directory, content=b"2").json()["error_code"] == "INVALID_PARAMETER_VALUE"
    assert httpx.put(f"{file}/b", content=b"2").status_code == 400
    assert httpx.put(file, content=b"22").status_code == 200
    told = httpx.get(directory)
    assert (told.status_code, "refers to a directory" in told.json()["message"]) == (400, True)
    assert httpx.delete(file).status_code == 200
    assert httpx.get(directory).status_code == 404
    assert httpx.put(directory, content=b"3").status_code == 200


def test_an_upload_that_breaks_off_leaves_nothing(registry: RegistryProcess) -> None:
    place = address(registry)
    path = place.removeprefix(registry.url)
    with socket.create_connection(("127.0.0.1", registry.port)) as connection:
        head = f"PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n"
        connection.sendall(head.encode() + os.urandom(3 * MEBIBYTE))
    wait_until(lambda: staged(registry) == [], within=10, what="the half of it is gone")
    assert httpx.get(place).status_code == 404


def test_no_browser_runs_what_was_uploaded(registry: RegistryProcess) -> None:
    place = address(registry, "page.html")
    httpx.put(place, content=b"<script>alert(1)</script>")
    headers = httpx.get(place).headers
    assert headers["content-disposition"].startswith("attachment")
    assert headers["x-content-type-options"] == "nosniff"


MPU = "/api/2.0/mlflow-artifacts/mpu"


def begun(registry: RegistryProcess, path: str, parts: int, local: str = "/tmp/whole.bin") -> tuple[str, list[str]]:
    """Id of an upload of the client's file `local` and the addresses of its parts."""
    answer = httpx.post(f"{registry.url}{MPU}/create/{path}", json={"path": local, "num_parts": parts})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return answer.json()["upload_id"], [credential["url"] for credential in answer.json()["credentials"]]


def finished(registry: RegistryProcess, path: str, upload: str, parts: list[tuple[int, str]]) -> httpx.Response:
    wish = {"path": "whole.bin", "upload_id": upload, "parts": [{"part_number": n, "etag": etag} for n, etag in parts]}
    return httpx.post(f"{registry.url}{MPU}/complete/{path}", json=wish)


def test_an_interrupted_upload_goes_on_with_the_parts_that_are_missing(registry: RegistryProcess) -> None:
    directory = f"0/{uuid.uuid4().hex}/artifacts/d"
    content = [os.urandom(300_000), os.urandom(300_000), os.urandom(7)]
    upload, places = begun(registry, directory, 3)
    for number in (2, 0):
        assert httpx.put(places[number], content=content[number]).status_code == 200
    etags = {0: hashlib.sha256(content[0]).hexdigest(), 2: hashlib.sha256(content[2]).hexdigest()}
    there = httpx.get(f"{registry.url}{MPU}/part/{upload}").json()["parts"]
    assert there == [
        {"part_number": 1, "etag": f'"{etags[0]}"', "size": 300_000},
        {"part_number": 3, "etag": f'"{etags[2]}"', "size": 7},
    ]
    sent = httpx.put(places[1], content=content[1])
    assert httpx.put(places[1], content=b"another try").status_code == 200  # the one that is named counts
    parts = [(1, etags[0]), (2, sent.headers["etag"]), (3, etags[2])]
    assert finished(registry, directory, upload, parts[:2]).status_code == 400
    assert finished(registry, directory, upload, [*parts[:2], (3, etags[0])]).status_code == 400
    assert finished(registry, f"{directory}/elsewhere", upload, parts).status_code == 400
    for _ in range(2):  # an answer that got lost is asked for again
        assert finished(registry, directory, upload, parts).status_code == 200
    place = f"{registry.url}{ROOT}/{directory}/whole.bin"
    assert httpx.get(place).content == b"".join(content)
    given = httpx.get(f"{registry.url}/api/2.0/mlflow-artifacts/presigned/{directory}/whole.bin").json()
    assert (given["url"], given["file_size"]) == (place, 600_007)
    assert [path.name for path in staged(registry)] == ["about"]


def test_an_empty_file_comes_in_one_part_also_from_windows(registry: RegistryProcess) -> None:
    directory = f"0/{uuid.uuid4().hex}/artifacts"
    upload, [place] = begun(registry, directory, 1, "C:\\Users\\anna\\whole.bin")
    sent = httpx.put(place, content=b"")
    assert finished(registry, directory, upload, [(1, sent.headers["etag"])]).status_code == 200
    answer = httpx.get(f"{registry.url}{ROOT}/{directory}/whole.bin")
    assert (answer.status_code, answer.content) == (200, b"")


def test_an_upload_that_is_given_up_leaves_nothing_and_can_not_go_on(registry: RegistryProcess) -> None:
    directory = f"0/{uuid.uuid4().hex}/artifacts"
    before = staged(registry)
    upload, [place] = begun(registry, directory, 1)
    assert httpx.put(place, content=b"1").status_code == 200
    wish = {"path": "whole.bin", "upload_id": upload}
    assert httpx.post(f"{registry.url}{MPU}/abort/{directory}", json=wish).status_code == 200
    assert staged(registry) == before
    assert httpx.put(place, content=b"1").status_code == 404
    digest = hashlib.sha256(b"1").hexdigest()
    assert finished(registry, directory, upload, [(1, digest)]).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "create/..%2f..%2fx", {"path": "a", "num_parts": 1}),
        ("POST", "create/%252e%252e/x", {"path": "a", "num_parts": 1}),
        ("POST", "create/0/x", {"path": "..", "num_parts": 1}),
        ("POST", "create/0/x", {"path": "a/%2e%2e", "num_parts": 1}),
        ("POST", "create/0/x", {"path": "a%5C..", "num_parts": 1}),
        ("POST", "create/0/x", {"path": "C:..", "num_parts": 1}),
        ("POST", "create/0/x", {"path": "a", "num_parts": 0}),
        ("POST", "create/0/x", {"path": "a", "num_parts": 10_001}),
        ("POST", "complete/0/x", {"path": "a", "upload_id": "../../sha256", "parts": [{"part_number": 1}]}),
        ("POST", "abort/0/x", {"path": "a", "upload_id": "..%2f..%2fsha256"}),
        ("GET", "part/..%2fparts", None),
        ("PUT", "part/%2e%2e%2f%2e%2e/1", None),
    ],
)
def test_no_part_goes_elsewhere(method: str, path: str, body: object, registry: RegistryProcess) -> None:
    answer = httpx.request(method, f"{registry.url}{MPU}/{path}", json=body)
    assert answer.status_code in (400, 404, 405), answer.text


def test_a_file_of_a_version_is_found_where_its_run_keeps_it(registry: RegistryProcess) -> None:
    api = f"{registry.url}/api/2.0"
    name = uuid.uuid4().hex
    body = {"experiment_id": "0", "start_time": 1}
    run = httpx.post(f"{api}/mlflow/runs/create", json=body).json()["run"]["info"]["run_id"]
    httpx.put(f"{api}/mlflow-artifacts/artifacts/0/{run}/artifacts/m/MLmodel", content=b"flavors: {}")
    httpx.post(f"{api}/mlflow/registered-models/create", json={"name": name})
    made = {"name": name, "source": f"runs:/{run}/m", "run_id": run}
    assert httpx.post(f"{api}/mlflow/model-versions/create", json=made).status_code == 200
    wish = {"name": name, "version": "1", "path": "MLmodel"}
    answer = httpx.get(f"{registry.url}//model-versions/get-artifact", params=wish)
    assert (answer.content, answer.headers["content-type"]) == (b"flavors: {}", "text/plain")
