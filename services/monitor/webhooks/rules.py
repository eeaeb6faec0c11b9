"""What is sent to whom, how it is signed, when it is tried again, and which addresses are refused."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import msgspec

from services.contracts.alerts import AlertView, SetWebhook, Severity, WebhookView
from services.contracts.errors import Invalid

MAX_URL: Final = 2_000
MAX_WEBHOOKS: Final = 50
FIRST_PAUSE_SECONDS: Final = 5.0
LONGEST_PAUSE_SECONDS: Final = 3600.0
GIVE_UP_AFTER: Final = timedelta(days=3)
"""A delivery that nobody has accepted for so long is dropped, and the webhook says so."""

SIGNATURE_HEADER: Final = "Lifecycle-Signature"
DELIVERY_HEADER: Final = "Lifecycle-Delivery"
EVENT_HEADER: Final = "Lifecycle-Event"


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """A document that changes by compare-and-set on its revision `r`. `secret` signs, so it is kept as it is."""

    id: str = msgspec.field(name="_id")
    r: int = 1
    url: str
    model_name: str | None
    severities: list[Severity]
    enabled: bool
    secret: str
    created_by: str
    created_at: datetime

    def wants(self, alert: AlertView) -> bool:
        if not self.enabled or self.model_name not in (None, alert.model_name):
            return False
        return not self.severities or alert.severity in self.severities


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent, as JSON. `id` is the same in every attempt: whoever has seen it may ignore the repeat.

    `type`: of the event, such as `monitor.alert.opened.v1`; `alert`: as it was then.
    """

    id: str
    type: str
    time: datetime
    alert: AlertView


def checked_url(request: SetWebhook, private_allowed: bool) -> str:
    """Raises Invalid unless it is an http(s) address without credentials that may be reached.

    A host name is looked up when something is sent, not here.
    """
    url = request.url
    if len(url) > MAX_URL:
        raise Invalid(f"at most {MAX_URL} characters", code="TOO_LONG", field="url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Invalid(f"{url!r} is no address: {error}", code="BAD_URL", field="url") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or not url.isascii():
        raise Invalid(
            "a webhook's address begins with https:// or http:// and names a host",
            code="BAD_URL",
            field="url",
            fix="For example https://alerts.example.com/lifecycle",
        )
    if any(character.isspace() or not character.isprintable() for character in url):
        raise Invalid("an address holds no spaces", code="BAD_URL", field="url")
    if parts.username is not None or parts.password is not None:
        raise Invalid(
            "an address with credentials is shown to everybody who may see webhooks",
            code="BAD_URL",
            field="url",
            fix="Check the signature instead.",
        )
    if not private_allowed and (parts.hostname.lower() == "localhost" or is_private(parts.hostname)):
        raise private_refused(parts.hostname)
    return url


def is_private(address: str) -> bool:
    """Whether it is an IP address that isn't on the public Internet; False for a host name."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return not (mapped or ip).is_global or (mapped or ip).is_multicast


def private_refused(host: str) -> Invalid:
    return Invalid(
        f"{host} isn't on the public Internet",
        code="PRIVATE_ADDRESS",
        field="url",
        fix="Set MONITOR_WEBHOOKS_PRIVATE=true if webhooks may reach this network.",
    )


def signature(secret: str, body: bytes, at: int) -> str:
    """`t=UNIX_SECONDS,v1=HEX`: HMAC SHA-256 of `t`, a dot and the body."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def pause(attempts: int) -> float:
    """Seconds before the next attempt after so many: doubling from FIRST_PAUSE_SECONDS."""
    return float(min(FIRST_PAUSE_SECONDS * 2.0 ** min(attempts - 1, 30), LONGEST_PAUSE_SECONDS))


def webhook_view(webhook: Webhook, waiting: int, problem: str | None, delivered_at: datetime | None) -> WebhookView:
    return WebhookView(
        id=webhook.id,
        revision=webhook.r,
        url=webhook.url,
        model_name=webhook.model_name,
        severities=webhook.severities,
        enabled=webhook.enabled,
        created_by=webhook.created_by,
        created_at=webhook.created_at,
        state="failing" if problem else "waiting" if waiting or delivered_at is None else "delivered",
        waiting=waiting,
        delivered_at=delivered_at,
        problem=problem,
    )


def wanting(webhooks: Sequence[Webhook], alert: AlertView) -> list[Webhook]:
    return [webhook for webhook in webhooks if webhook.wants(alert)]
