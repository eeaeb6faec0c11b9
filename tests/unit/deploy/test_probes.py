"""Asking a part whether it is ready."""

import http.server
import socket
import threading
from collections.abc import Iterator

import pytest

from deploy.local.probes import NotReady, Unreachable, http_ready
from deploy.local.supervisor import Backoff


class Answers(http.server.BaseHTTPRequestHandler):
    status = 200
    body = b"{}"

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/readyz"
        server.shutdown()
        thread.join()


def test_200_is_ready(url: str) -> None:
    http_ready(url)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            b'{"reasons": {"mongodb": "no primary", "nats": "not connected"}}',
            "mongodb: no primary; nats: not connected",
        ),
        (b'{"reasons": ["starting"]}', "starting"),
        (b'{"status": "unavailable", "status_code": 503, "error": "JetStream is off"}', "JetStream is off"),
        (b"plain words", "plain words"),
        (b"", "answers 503"),
        (b"[]", "answers 503"),
    ],
)
def test_any_other_answer_is_not_ready_with_its_reason(
    url: str, body: bytes, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Answers, "status", 503)
    monkeypatch.setattr(Answers, "body", body)
    with pytest.raises(NotReady, match=reason) as caught:
        http_ready(url)
    assert not isinstance(caught.value, Unreachable)


def test_no_answer_in_time_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unreachable, match="timed out"):
        http_ready(f"http://127.0.0.1:{silent.getsockname()[1]}/readyz", timeout=0.1)
    with pytest.raises(Unreachable, match="refused"):
        http_ready("http://127.0.0.1:1/readyz")


def test_pauses_double_up_to_the_longest_and_start_anew_after_a_reset() -> None:
    backoff = Backoff(first=0.25, longest=30.0)
    assert [backoff.next() for _ in range(9)] == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    backoff.reset()
    assert backoff.next() == 0.25
