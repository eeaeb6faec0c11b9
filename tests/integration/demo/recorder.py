"""A small HTTP server that takes the place of the monitor: it answers as told and remembers every batch it took."""

import threading
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pyarrow.ipc


@dataclass(frozen=True)
class Received:
    """A request as it came; `status` is what it was answered."""

    method: str
    path: str
    query: dict[str, list[str]]
    batch_id: str | None
    content_type: str
    table: pa.Table
    status: int

    @property
    def kind(self) -> str:
        return self.path.split("/")[6]


@dataclass(frozen=True)
class Answer:
    """An answer other than 202."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class RecordingMonitor:
    """Takes everything, except that the next requests get `answers` while there are any."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: deque[Answer | None] = deque()
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = (recorder.answers.popleft() if recorder.answers else None) or Answer(202, body=b"{}")
                address = urlsplit(self.path)
                recorder.received.append(
                    Received(
                        method=self.command,
                        path=address.path,
                        query=parse_qs(address.query),
                        batch_id=self.headers["Batch-Id"],
                        content_type=self.headers["Content-Type"],
                        table=pa.ipc.open_stream(body).read_all(),
                        status=answer.status,
                    )
                )
                self.send_response(answer.status)
                for name, value in (*answer.headers, ("Content-Length", str(len(answer.body)))):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

            def do_PUT(self) -> None:
                self.do_POST()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the name in the standard library
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def taken(self, kind: str) -> list[Received]:
        """The requests of a kind that were accepted, in order."""
        return [one for one in self.received if one.kind == kind and one.status < 300]

    def __enter__(self) -> "RecordingMonitor":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
