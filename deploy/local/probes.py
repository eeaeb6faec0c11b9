"""Asks a part whether it is ready, over the network and never by guessing from the time that has passed."""

import http.client
import json
import socket
from urllib.parse import urlsplit

PROBE_TIMEOUT = 2.0  # seconds for one question
_LONGEST_ANSWER = 64 * 1024  # bytes read of an answer


class NotReady(Exception):
    """The part answers but isn't ready, or not yet; the message says why."""


class Unreachable(NotReady):
    """The part gives no answer at all."""


def answers(host: str, port: int, timeout: float = PROBE_TIMEOUT) -> None:
    """Returns when something accepts a connection there; raises Unreachable otherwise."""
    try:
        socket.create_connection((host, port), timeout).close()
    except OSError as error:
        raise Unreachable(f"no connection to {host}:{port}: {error.strerror or type(error).__name__}") from error


def http_ready(url: str, timeout: float = PROBE_TIMEOUT) -> None:
    """Returns when the URL answers 200.

    Raises Unreachable without an HTTP answer in time, NotReady with the answer's reason for any other status.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""))
        with connection.getresponse() as response:
            body = response.read(_LONGEST_ANSWER)
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"no answer from {url}: {error or type(error).__name__}") from error
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise NotReady(_reason(body) or f"{url} answers {response.status}")


def _reason(body: bytes) -> str:
    """The reasons in a /readyz or /healthz answer as one line of words; the start of the body where it is no JSON."""
    try:
        answer = json.loads(body)
    except ValueError:
        return body.decode(errors="replace").strip()[:200]
    if isinstance(answer, dict):
        for key in ("reasons", "error", "detail", "status"):
            if answer.get(key):
                return _words(answer[key])
    return _words(answer)


def _words(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_words(item)}" for key, item in value.items())
    if isinstance(value, list):
        return "; ".join(_words(item) for item in value)
    return str(value)
