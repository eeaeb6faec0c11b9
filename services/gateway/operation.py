"""What the resolvers of one operation share: who asks, how to ask the services, and what was fetched already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from strawberry.types import Info as StrawberryInfo

from services.contracts.identity import Principal
from services.gateway.clients.asking import Asking
from services.gateway.clients.relatives import Relatives

if TYPE_CHECKING:
    from services.gateway.subscriptions.events import EventSource
    from services.gateway.subscriptions.live import LiveTopics


@dataclass(frozen=True, slots=True)
class Operation:
    """One query, mutation or subscription under way. `events` and `live` are the process's, the rest its own."""

    ask: Asking
    relatives: Relatives
    events: EventSource
    live: LiveTopics

    @property
    def principal(self) -> Principal:
        return self.ask.context.principal


Info: TypeAlias = StrawberryInfo[Operation, Any]
