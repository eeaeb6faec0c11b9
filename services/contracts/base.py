"""The four kinds of message: event, request, live update, and the envelope an event travels in."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar, get_args
from urllib.parse import quote

import msgspec

MAX_EVENT_BYTES = 64 * 1024
"""An event's JSON stays below this; larger things go by reference (DESIGN.md, Delivery 6)."""

_PLAIN_TOKEN = re.compile(r"[A-Za-z0-9_-]+")


def subject_token(text: str) -> str:
    """One NATS subject token that stands for any text: plain words stay readable, the rest is percent-encoded.

    NATS tokens can't hold dots, spaces, `*` or `>`; an empty text becomes a lone `%`.
    """
    if _PLAIN_TOKEN.fullmatch(text):
        return text
    return quote(text, safe="").replace(".", "%2E").replace("~", "%7E") or "%"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A value that crosses a process boundary. Added fields need a default (additive change keeps the major)."""


class Event(Message, frozen=True, kw_only=True):
    """A durable fact: noun + past tense. One class, one owner; consumers import it from here.

    `key` names the fields whose values, joined by `/`, identify the aggregate that the fact is about.
    """

    service: ClassVar[str]
    aggregate: ClassVar[str]
    name: ClassVar[str]
    key: ClassVar[tuple[str, ...]]
    major: ClassVar[int] = 1

    @classmethod
    def type(cls) -> str:
        """The CloudEvents type, such as `registry.run.started.v1`."""
        return f"{cls.service}.{cls.aggregate}.{cls.name}.v{cls.major}"

    def aggregate_id(self) -> str:
        return "/".join(str(getattr(self, field)) for field in self.key)

    def subject(self) -> str:
        return f"events.{self.type()}.{subject_token(self.aggregate_id())}"


class Envelope(Message, frozen=True, kw_only=True):
    """An event with what CloudEvents 1.0 and our delivery guarantees add to it. `data` is the event as JSON.

    `version` counts the events of one aggregate from 1 without gaps; `cause` is the id of the event or request
    that led to this one.
    """

    id: str
    type: str
    service: str
    aggregate: str
    aggregate_id: str
    version: int
    time: datetime
    actor: str
    correlation_id: str
    cause: str | None = None
    data: bytes

    def subject(self) -> str:
        return f"events.{self.type}.{subject_token(self.aggregate_id)}"


R = TypeVar("R")


class Request(Message, Generic[R], frozen=True, kw_only=True):
    """A question or a command to one service, answered with an `R` or a typed error."""

    service: ClassVar[str]
    name: ClassVar[str]
    major: ClassVar[int] = 1

    @classmethod
    def subject(cls) -> str:
        return f"requests.{cls.service}.{cls.name}.v{cls.major}"

    @classmethod
    def reply_type(cls) -> Any:
        """The `R` of `class X(Request[R])`."""
        for base in cls.__orig_bases__:  # type: ignore[attr-defined]  # set by typing.Generic on every subclass
            arguments = get_args(base)
            if arguments:
                return arguments[0]
        raise TypeError(
            f"{cls.__name__} doesn't say what it is answered with: write class {cls.__name__}(Request[...])"
        )


class LiveUpdate(Message, frozen=True, kw_only=True):
    """The newest figure of something that is being watched; missing one loses nothing."""

    service: ClassVar[str]
    name: ClassVar[str]
    key: ClassVar[tuple[str, ...]]

    def subject(self) -> str:
        parts = (subject_token(str(getattr(self, field))) for field in self.key)
        return ".".join(("live", self.service, self.name, *parts))

    @classmethod
    def pattern(cls, *key: str) -> str:
        """The subject to subscribe to: all updates of this class, or those whose key starts with `key`."""
        parts = [subject_token(part) for part in key]
        return ".".join(("live", cls.service, cls.name, *parts, *([">"] if len(parts) < len(cls.key) else [])))


class Done(Message, frozen=True, kw_only=True):
    """The answer to a command that has nothing to say but that it is durable."""
