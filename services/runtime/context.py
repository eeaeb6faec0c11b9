"""Who asks, and which chain of causes a piece of work belongs to: carried through HTTP, NATS and the logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, unquote

from services.contracts.identity import Principal, Role
from services.runtime.ids import random_hex

if TYPE_CHECKING:
    from services.runtime.change import Change

MAX_CORRELATION_CHARACTERS = 128

_PRINCIPAL = "Lifecycle-Principal"
_CORRELATION = "Lifecycle-Correlation-Id"
_REMOTE = "Lifecycle-Remote"
_IDEMPOTENCY = "Lifecycle-Idempotency-Key"


def new_correlation_id() -> str:
    return random_hex()


class Signature(Protocol):
    """What the first change that is committed for a request has to hold besides."""

    def add_to(self, change: Change) -> None: ...

    def committed(self, change: Change) -> None: ...


@dataclass(frozen=True, slots=True)
class Context:
    """`cause` is the id of the event or request that led here; `remote` the address the caller came from.

    `signature` and `heard` never leave the process. `heard`: of each thing whose events led here ("run/ID"), the newest
    version that is known of; as long as nobody asks for more, a state as new as that is new enough.
    """

    principal: Principal
    correlation_id: str
    cause: str | None = None
    remote: str = ""
    idempotency_key: str | None = None
    signature: Signature | None = field(default=None, compare=False)
    heard: Mapping[str, int] = field(default_factory=dict, compare=False)

    def caused_by(self, cause: str) -> Context:
        return replace(self, cause=cause)


def service_context(service: str, correlation_id: str | None = None, cause: str | None = None) -> Context:
    """The context of work that one of our services does on its own account."""
    principal = Principal(user=f"service:{service}", role=Role.ADMIN, via="service")
    return Context(principal, correlation_id or new_correlation_id(), cause)


_current: ContextVar[Context | None] = ContextVar("lifecycle_context", default=None)


def current() -> Context:
    """The context of the work under way. Raises RuntimeError outside of any."""
    context = _current.get()
    if context is None:
        raise RuntimeError("no context: work starts in `using(...)`")
    return context


@contextmanager
def using(context: Context) -> Iterator[Context]:
    """Makes `context` current, and its ids part of every log line written inside."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


def told_in_logs(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor of log lines: looked up when a line is written, because most work writes none."""
    context = _current.get()
    if context is not None:
        event.setdefault("correlation_id", context.correlation_id)
        event.setdefault("user", context.principal.user)
    return event


def to_headers(context: Context) -> dict[str, str]:
    """The context as NATS headers (their values are plain ASCII)."""
    who = context.principal
    headers = {
        _PRINCIPAL: "&".join(quote(part, safe="") for part in (who.user, who.role.value, who.via, who.token_id or "")),
        _CORRELATION: quote(context.correlation_id, safe=""),
        _REMOTE: quote(context.remote, safe=""),
    }
    if context.idempotency_key:
        headers[_IDEMPOTENCY] = quote(context.idempotency_key, safe="")
    return headers


def from_headers(headers: Mapping[str, str] | None, cause: str | None = None) -> Context:
    """The context that `to_headers` wrote; a message without one comes from a service of ours."""
    headers = headers or {}
    raw = headers.get(_PRINCIPAL)
    if raw is None:
        return service_context("unnamed", cause=cause)
    user, role, via, token_id = (unquote(part) for part in raw.split("&"))
    return Context(
        Principal(user=user, role=Role(role), via=via, token_id=token_id or None),  # type: ignore[arg-type]  # one of the three
        unquote(headers.get(_CORRELATION, "")) or new_correlation_id(),
        cause,
        unquote(headers.get(_REMOTE, "")),
        unquote(headers[_IDEMPOTENCY]) if _IDEMPOTENCY in headers else None,
    )
