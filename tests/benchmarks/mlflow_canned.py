"""A server that answers an `MlflowClient` at once and does nothing: what the clients alone can do on this machine."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from typing import cast
from uuid import uuid4

import uvloop

INFO = (
    '{"run_id":"%s","run_uuid":"%s","experiment_id":"1","run_name":"r","user_id":"u","status":"RUNNING",'
    '"start_time":1700000000000,"artifact_uri":"mlflow-artifacts:/1/%s/artifacts","lifecycle_stage":"active"}'
)
POINT = '{"key":"m%d","value":0.5123,"timestamp":1,"step":0}'
PARAM = '{"key":"p%d","value":"0.512345"}'
DATA = (
    f'{{"metrics":[{",".join(POINT % n for n in range(10))}],"params":[{",".join(PARAM % n for n in range(10))}],'
    '"tags":[{"key":"mlflow.runName","value":"r"}]}'
)


class _Answering(asyncio.Protocol):
    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n") + 4) >= 4:
            head = self._received[:end]
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            whole = end + int(length or 0)
            if len(self._received) < whole:
                return
            self._received = self._received[whole:]
            body = _answer(head.split(b" ", 2)[1].decode()).encode()
            lines = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
            self._transport.write(lines % len(body) + body)


def _answer(path: str) -> str:
    info = INFO % ((path.partition("run_id=")[2][:32] or uuid4().hex,) * 3)
    if "runs/create" in path or "runs/get" in path:
        return f'{{"run":{{"info":{info},"data":{DATA if "get" in path else "{}"}}}}}'
    return f'{{"run_info":{info}}}' if "runs/update" in path else "{}"


@contextlib.contextmanager
def canned() -> Iterator[str]:
    """The address of such a server, a process of its own."""
    process = subprocess.Popen([sys.executable, "-m", __name__], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.communicate()


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Answering, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve())
