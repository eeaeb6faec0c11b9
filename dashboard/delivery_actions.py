"""What can be done with webhooks and dead letters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard.components.acting import Action, Field, Given, names, only

_WEBHOOKS = (
    Action(
        "webhook.set",
        "Webhook",
        "setWebhook",
        "Save",
        "Alerts will be sent there.",
        fields=lambda given: [
            Field("url", "Address", required=True),
            Field("model", "Model", hint="Every model, if it stays empty."),
            Field(
                "severities",
                "Severities",
                "many",
                False,
                ("INFO", "WARNING", "CRITICAL"),
                hint="All, if none is named.",
            ),
        ],
        variables=only("url", "model", "severities"),
        answers_secret=True,
    ),
    Action(
        "webhook.delete",
        "Remove the webhook",
        "deleteWebhook",
        "Remove it",
        "Nothing is sent there any more.",
        words=lambda given: "What waits to be sent is dropped.",
        variables=only("webhookId"),
        danger=True,
    ),
)


def _lifecycle_fields(given: Given) -> Sequence[Field]:
    known = given.get("known", {})
    fields = [
        Field("url", "Address", required=True, value=known.get("url")),
        Field(
            "events",
            "Which events",
            value=known.get("events"),
            hint="Types or their beginnings, such as registry.deployment, with commas between; all if it stays empty.",
        ),
        Field("model", "Model", value=known.get("model"), hint="Every model, if it stays empty."),
    ]
    return [*fields, Field("enabled", "Switched on", "check", value=known["enabled"])] if known else fields


def _lifecycle(given: Given) -> dict[str, Any]:
    events = names(given.get("events"))
    return {
        **only("url", "model", "webhookId", "expected")(given),
        **({"events": events} if events else {}),
        "enabled": given.get("enabled", True) is not False,
    }


_LIFECYCLE = (
    Action(
        "lifecycle_webhook.set",
        "Webhook of the lifecycle",
        "setLifecycleWebhook",
        "Save",
        "Events will be sent there.",
        fields=_lifecycle_fields,
        words=lambda given: "What is sent is signed; the secret of a new one is shown once.",
        variables=_lifecycle,
        answers_secret=True,
    ),
    Action(
        "lifecycle_webhook.delete",
        "Remove the webhook",
        "deleteLifecycleWebhook",
        "Remove it",
        "Nothing is sent there any more.",
        words=lambda given: "What waits to be sent is dropped.",
        variables=only("webhookId"),
        danger=True,
    ),
)


def _letter(service: str, *, again: bool) -> Action:
    decision = "RETRY" if again else "SKIP"
    words = (
        "{consumer} gets it again. If the reason is still there, it comes back."
        if again
        else "{consumer} goes on as if it had no effect. That can't be taken back."
    )
    return Action(
        f"{service}_letter.{decision.lower()}",
        "Give it again" if again else "Leave it out",
        f"decide{service.capitalize()}DeadLetter",
        "Give it again" if again else "Leave it out",
        "It goes to its consumer again." if again else "It is left out.",
        words=lambda given: words.format(consumer=given.get("consumer", "Its consumer")),
        variables=lambda given: {"id": given["id"], "decision": decision},
        danger=not again,
        answers_id=False,
        input_type="DecideDeadLetterInput",
    )


DELIVERIES: tuple[Action, ...] = (
    *_WEBHOOKS,
    *_LIFECYCLE,
    *(_letter(service, again=again) for service in ("registry", "monitor") for again in (True, False)),
)
