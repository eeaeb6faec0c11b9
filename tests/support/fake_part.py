"""A tiny part for tests of the supervisor: serves HTTP, and does what the file named FAKE_ORDERS says.

Orders (the file's text): "ready" (also when there is no file), "unready", "silent" (accepts and never answers),
"exit" (ends at once). FAKE_TRACE: a file that gets one line when the part starts and one when it ends in order.
"""

import http.server
import os
import signal
import sys
import threading
import time
from pathlib import Path

_ORDERS = Path(os.environ["FAKE_ORDERS"])
_TRACE = Path(os.environ["FAKE_TRACE"])
_NAME = os.environ["FAKE_NAME"]


def _orders() -> str:
    return _ORDERS.read_text() if _ORDERS.exists() else "ready"


def _trace(event: str) -> None:
    with _TRACE.open("a") as trace:
        trace.write(f"{_NAME} {event}\n")


class _Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        orders = _orders()
        if orders == "silent":
            time.sleep(30)
        self.send_response(503 if orders == "unready" else 200)
        self.end_headers()
        self.wfile.write(b'{"reasons": {"orders": "told to be unready"}}' if orders == "unready" else b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the parent's name
        sys.stderr.write(format % args + "\n")


def main() -> None:
    if _orders() == "exit":
        sys.exit("told to exit")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["FAKE_PORT"])), _Answers)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    _trace("started")
    server.serve_forever()
    _trace("ended")
    os._exit(0)  # without waiting for answers that never come


if __name__ == "__main__":
    main()
