"""A version on its way into production and back: each step is confirmed, and undone where it can be."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from tests.e2e.conftest import DashboardProcess, OpenPage
from tests.e2e.double.gateway import GatewayDouble
from tests.e2e.double.recorded import MODEL
from tests.support.waiting import wait_until


def sent(gateway: GatewayDouble, name: str, many: int = 1) -> dict[str, Any]:
    """The newest mutation of this name, once there are as many."""

    def look() -> list[dict[str, Any]]:
        return [given for kind, given in gateway.lifecycle.sent if kind == name]

    wait_until(lambda: len(look()) >= many, within=30, what=f"{name} was sent")
    return look()[-1]


def test_a_version_is_deployed_rolled_back_and_to_be_retrained_and_a_review_and_an_insight_are_asked_for(
    gateway: GatewayDouble, dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{dashboard.url}/models/{MODEL}/4")
    dialog = page.get_by_role("dialog")
    row = page.locator("#version-standings tr", has_text="production")

    row.get_by_role("button", name="Deploy…").click()
    dialog.get_by_role("textbox", name=re.compile("^Deploy it nevertheless")).fill("The old one is blind to gusts.")
    dialog.get_by_role("button", name="Deploy it").click()
    expect(page.get_by_text("It is deployed.")).to_be_visible()
    said = sent(gateway, "deployVersion")
    assert (said["environment"], said["version"], said["overrideReason"]) == (
        "production",
        "4",
        "The old one is blind to gusts.",
    )
    page.get_by_role("button", name="Undo").click()
    assert sent(gateway, "rollBack")["toVersion"] == "3"
    expect(page.get_by_text("Undone.")).to_be_visible()

    row.get_by_role("button", name="Roll back…").click()
    expect(dialog).to_contain_text("takes the place of v3")
    dialog.get_by_role("button", name="Roll back").click()
    expect(dialog).to_contain_text("is still empty")
    dialog.get_by_role("textbox", name=re.compile("^Why")).fill("Too many false alarms.")
    dialog.get_by_role("button", name="Roll back").click()
    expect(page.get_by_text("It is rolled back.")).to_be_visible()
    said = sent(gateway, "rollBack", 2)
    assert (said["toVersion"], said["reason"]) == ("1", "Too many false alarms.")
    page.get_by_role("button", name="Undo").last.click()
    assert sent(gateway, "rollBack", 3)["toVersion"] == "3"

    page.get_by_role("button", name="Request retraining…").click()
    dialog.get_by_role("textbox", name=re.compile("^Why")).fill("The season has changed.")
    dialog.get_by_role("button", name="Request it").click()
    expect(page.get_by_text("Retraining is asked for.")).to_be_visible()
    said = sent(gateway, "requestRetraining")
    assert (said["version"], said["backTo"], said["reason"]) == ("4", "BUILDING", "The season has changed.")

    page.get_by_role("button", name="Note an insight…").click()
    dialog.get_by_role("textbox", name=re.compile("^In one sentence")).fill("Gusts matter at night")
    dialog.get_by_role("textbox", name=re.compile("^What was learned")).fill("Seen in June, @bela.")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The insight is noted.")).to_be_visible()
    assert sent(gateway, "writeInsight")["links"] == [{"kind": "version", "id": f"{MODEL}/4"}]
    page.get_by_role("button", name="Undo").last.click()
    assert sent(gateway, "removeInsight")["insightId"]

    page.get_by_role("button", name="Request a review…").click()
    dialog.get_by_role("textbox", name=re.compile("^Who")).fill("chandra, bela")
    dialog.get_by_role("button", name="Request it").click()
    expect(page).to_have_url(re.compile(f"/reviews/{MODEL}/4$"))
    assert sent(gateway, "requestReview")["reviewers"] == ["chandra", "bela"]


def test_models_beyond_the_first_page_are_reached_and_found_by_a_part_of_their_name(
    gateway: GatewayDouble, dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    gateway.models += [{**gateway.models[2], "name": f"route {number:03}"} for number in range(30)]
    page = open_page(f"{dashboard.url}/models")
    expect(page.get_by_text("33 models")).to_be_visible()
    page.get_by_role("link", name="More models").click()
    expect(page.get_by_role("link", name="route 029")).to_be_visible()
    expect(page.get_by_role("link", name=MODEL, exact=True)).to_have_count(0)
    page.get_by_role("link", name="From the beginning").click()
    expect(page.get_by_role("link", name=MODEL, exact=True)).to_be_visible()
    page.get_by_role("textbox", name="Name").fill("route 01")
    expect(page.get_by_text("10 models")).to_be_visible()
    page.get_by_role("textbox", name="Name").fill("nowhere")
    expect(page.get_by_text("No model has this in its name.")).to_be_visible()
    page.goto(f"{dashboard.url}/models/{MODEL}")
    page.get_by_role("link", name="Compare 4 runs").click()
    expect(page.locator(".compared thead th")).to_have_count(5)
