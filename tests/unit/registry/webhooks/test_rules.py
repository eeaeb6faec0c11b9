"""Which event is sent to which webhook."""

from datetime import UTC, datetime

import pytest

from services.contracts.errors import Conflict, Invalid
from services.registry.webhooks import rules
from services.registry.webhooks.rules import Webhook

DEPLOYED = "registry.deployment.deployed.v1"


def webhook(events: list[str] | None = None, model_name: str | None = None, *, enabled: bool = True) -> Webhook:
    return Webhook(
        id="w1", v=1, url="https://example.com", events=events or [], model_name=model_name, enabled=enabled,
        secret="s", created_by="root", created_at=datetime(2026, 11, 22, tzinfo=UTC),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("hook", "wanted"),
    [
        (webhook(), True),
        (webhook(["registry.deployment"]), True),
        (webhook([DEPLOYED]), True),
        (webhook(["registry.deployment.deployed"]), True),
        (webhook(["registry.deploy"]), False),
        (webhook(["registry.review"]), False),
        (webhook(model_name="flights"), True),
        (webhook(model_name="other"), False),
        (webhook(enabled=False), False),
    ],
)
def test_a_webhook_gets_the_kinds_and_models_that_it_wants(hook: Webhook, wanted: bool) -> None:
    assert hook.wants(DEPLOYED, "flights") is wanted


def test_what_is_never_sent_cant_be_asked_for() -> None:
    assert not webhook().wants("registry.run.started.v1", None)
    for wrong in ("registry.run", "registry", "monitor.alert", "registry.deploymentx", ""):
        with pytest.raises(Invalid) as refused:
            rules.checked_events(["registry.review", wrong])
        assert refused.value.field == "events[1]"
    assert rules.checked_events(["registry.review", DEPLOYED, DEPLOYED]) == [DEPLOYED, "registry.review"]


def test_a_lost_race_is_told() -> None:
    rules.check_expected(None, 3)
    rules.check_expected(3, 3)
    with pytest.raises(Conflict):
        rules.check_expected(2, 3)


def test_the_audit_trail_never_holds_the_secret() -> None:
    assert "secret" not in str(rules.told(webhook()).keys())
