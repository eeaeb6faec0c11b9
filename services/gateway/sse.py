"""Operations as server-sent events: the "distinct connections" mode of the GraphQL over SSE protocol.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping

import msgspec

from services.contracts.errors import LifecycleError, Unavailable
from services.gateway import metrics
from services.gateway.engine import Answer
from services.gateway.errors import RequestFailed
from services.runtime.auth import Authenticator

ALIVE_SECONDS = 10.0
"""An empty comment so often keeps proxies from closing a quiet stream, and finds out when the client has gone."""
RECHECK_SECONDS = 2.0
"""How often the caller's credentials are looked at again."""

ALIVE = b":\n\n"
COMPLETE = b"event: complete\ndata:\n\n"


async def events(
    answers: AsyncGenerator[Answer, None],
    authenticator: Authenticator,
    headers: Mapping[str, str],
    stopping: Callable[[], bool],
) -> AsyncIterator[bytes]:
    """The bytes of the stream. `headers` are the request's, which say who asks.

    When the process is `stopping`, the stream breaks off without its last word, so that clients connect again.
    """
    yield ALIVE
    spoken = time.monotonic()
    waiting = asyncio.ensure_future(anext(answers))
    try:
        with metrics.subscriptions.labels("sse").track_inprogress():
            while True:
                await asyncio.wait({waiting}, timeout=RECHECK_SECONDS)
                if waiting.done():
                    yield _next(waiting.result())
                    metrics.messages.labels("sse").inc()
                    spoken = time.monotonic()
                    waiting = asyncio.ensure_future(anext(answers))
                    continue
                if stopping():
                    return
                await _recheck(authenticator, headers)
                if time.monotonic() - spoken >= ALIVE_SECONDS:
                    yield ALIVE
                    spoken = time.monotonic()
    except StopAsyncIteration:
        pass
    except RequestFailed as failed:
        yield _next({"errors": failed.errors})
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await answers.aclose()
    yield COMPLETE


async def _recheck(authenticator: Authenticator, headers: Mapping[str, str]) -> None:
    """Raises RequestFailed when the credentials have stopped being good."""
    try:
        await authenticator.resolve(headers)
    except Unavailable:
        return  # nobody can say at the moment; what was good stays good until somebody can
    except LifecycleError as error:
        raise RequestFailed.because(error) from error


def _next(answer: Answer) -> bytes:
    return b"event: next\ndata: " + msgspec.json.encode(answer) + b"\n\n"
