"""How a large artifact goes through the registry: time and memory of upload, download, a range, and the same again.

    python -m tests.benchmarks.registry_artifacts --gigabytes 2

The content is made as it is sent, so that it is in nobody's memory; the registry's memory is sampled meanwhile.
"""

import argparse
import hashlib
import http.client
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from tests.integration.registry.processes import RegistryProcess
from tests.support.servers import running

MEBIBYTE = 1024 * 1024
API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"


def content(mebibytes: int) -> Iterator[bytes]:
    block = bytes(range(256)) * (MEBIBYTE // 256)
    for number in range(mebibytes):
        yield number.to_bytes(8, "big") + block[8:]


class Peak:
    """The most memory a process had while the body ran, in MiB."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self.before = self.most = self._process.memory_info().rss / MEBIBYTE
        self._ends = threading.Event()

    @contextmanager
    def watched(self) -> Iterator[None]:
        def watch() -> None:
            while not self._ends.wait(0.05):
                self.most = max(self.most, self._process.memory_info().rss / MEBIBYTE)

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
        finally:
            self._ends.set()
            thread.join()


def upload(url: str, path: str, mebibytes: int) -> None:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=600)
    connection.request("PUT", path, content(mebibytes), encode_chunked=True, headers={"transfer-encoding": "chunked"})
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    connection.close()


def download(url: str, path: str, headers: dict[str, str] | None = None) -> tuple[str, int]:
    """SHA-256 and size of what comes."""
    digest, size = hashlib.sha256(), 0
    with httpx.stream("GET", url + path, headers=headers, timeout=600) as answer:
        assert answer.status_code in (200, 206), answer.status_code
        for chunk in answer.iter_raw(MEBIBYTE):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=2)
    mebibytes = int(parser.parse_args().gigabytes * 1024)
    with (
        tempfile.TemporaryDirectory() as directory,
        running("mongod", Path(directory) / "mongo") as mongod,
        running("nats", Path(directory) / "nats") as nats,
    ):
        registry = RegistryProcess(mongod.url, nats.url, Path(directory) / "registry")
        registry.start()
        try:
            body = {"experiment_id": "0", "start_time": 1}
            made = httpx.post(f"{registry.url}{API}/runs/create", json=body, timeout=60).json()
            path = f"{FILES}/0/{made['run']['info']['run_id']}/artifacts"
            whole = hashlib.sha256()
            for block in content(mebibytes):
                whole.update(block)
            for name, work in (
                ("upload", lambda: upload(registry.url, f"{path}/large.bin", mebibytes)),
                ("the same content again", lambda: upload(registry.url, f"{path}/copy.bin", mebibytes)),
                ("download", lambda: download(registry.url, f"{path}/large.bin")),
                ("last MiB", lambda: download(registry.url, f"{path}/large.bin", {"range": f"bytes=-{MEBIBYTE}"})),
            ):
                peak, started = Peak(registry.pid), time.perf_counter()
                with peak.watched():
                    found = work()
                seconds = time.perf_counter() - started
                if name == "download":
                    assert found == (whole.hexdigest(), mebibytes * MEBIBYTE)
                memory = f"memory {peak.before:.0f} -> {peak.most:.0f} MiB"
                print(f"{name:25} {seconds:7.1f} s   {mebibytes / seconds:7.0f} MiB/s   {memory}", flush=True)
            kept = sum(
                file.stat().st_size
                for file in (registry.directory / "artifacts" / "sha256").rglob("*")
                if file.is_file()
            )
            print(f"on disk: {kept / MEBIBYTE:.0f} MiB")
        finally:
            registry.kill()


if __name__ == "__main__":
    main()
