"""A proxy as operators put it before the dashboard: takes a path prefix off, gives each request to another worker."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
import threading
from collections.abc import Iterator

from tests.support.garbage import collect_quietly
from tests.support.waiting import wait_until

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Proxy:
    """`prefix` with slashes around; `workers` are ports of this machine. One request a connection: enough for tests."""

    def __init__(self, prefix: str, workers: list[int]) -> None:
        self.port = 0
        self.asked: dict[int, int] = dict.fromkeys(workers, 0)
        self._prefix = prefix.encode()
        self._next = itertools.cycle(workers)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._stopped = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._thread.start()
        wait_until(lambda: self.port > 0, what="the proxy listens")

    def stop(self) -> None:
        if self._loop:
            self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(timeout=10)
        collect_quietly()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        await self._stopped.wait()
        server.close()
        await asyncio.sleep(0)  # what has just been accepted has its task then
        under_way = asyncio.all_tasks() - {asyncio.current_task()}
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone = (OSError, asyncio.IncompleteReadError, asyncio.CancelledError)  # the last: the proxy ends
        with contextlib.suppress(*gone), _closed(writer):
            head = await reader.readuntil(b"\r\n\r\n")
            method, path, rest = head.split(b" ", 2)
            if not path.startswith(self._prefix):
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            else:
                worker = next(self._next)
                self.asked[worker] += 1
                await self._passed_on(worker, method + b" /" + path[len(self._prefix) :] + b" " + rest, reader, writer)

    async def _passed_on(
        self, worker: int, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        from_worker, to_worker = await asyncio.open_connection("127.0.0.1", worker)
        with _closed(to_worker):
            if b"upgrade: websocket" in head.lower():
                to_worker.write(head)
                upward = asyncio.create_task(_piped(reader, to_worker))
                await _piped(from_worker, writer)
                upward.cancel()
            else:
                head = re.sub(rb"\r\nconnection: [^\r]*", b"", head, flags=re.IGNORECASE)
                to_worker.write(head[:-2] + b"Connection: close\r\n\r\n")
                length = _LENGTH.search(head)
                to_worker.write(await reader.readexactly(int(length[1])) if length else b"")
                await _piped(from_worker, writer)


@contextlib.contextmanager
def _closed(writer: asyncio.StreamWriter) -> Iterator[None]:
    """What is still to be sent goes out first, unless the proxy itself ends."""
    try:
        yield
    except asyncio.CancelledError:
        writer.transport.abort()
        raise
    finally:
        writer.close()


async def _piped(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while part := await source.read(65_536):
            target.write(part)
            await target.drain()
        target.write_eof()
