"""What people do on the pages: answers in place, decisions with confirmation, refusals in words, undo."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import WITHIN, DashboardProcess, OpenPage
from tests.e2e.double.gateway import GatewayDouble
from tests.e2e.double.lifecycle import comment
from tests.e2e.double.recorded import MODEL
from tests.e2e.test_pages import axe, objections
from tests.support.waiting import wait_until

__all__ = ["axe"]


@pytest.fixture(scope="module")
def busy_gateway() -> Iterator[GatewayDouble]:
    """One for all tests of this file: each acts on something else."""
    double = GatewayDouble()
    double.start()
    yield double
    double.stop()


@pytest.fixture(autouse=True)
def nothing_is_refused(busy_gateway: GatewayDouble) -> None:
    busy_gateway.lifecycle.refusal = None


@pytest.fixture(scope="module")
def busy_dashboard(busy_gateway: GatewayDouble, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DashboardProcess]:
    process = DashboardProcess(busy_gateway.url, tmp_path_factory.mktemp("busy") / "dashboard.log")
    process.start()
    yield process
    process.kill()
    assert "a callback failed" not in process.log, process.log[-4000:]


def sent(gateway: GatewayDouble, name: str) -> dict[str, object]:
    """What the newest mutation of this name said, as soon as it is there."""

    def look() -> dict[str, object]:
        return next((given for kind, given in reversed(gateway.lifecycle.sent) if kind == name), {})

    return wait_until(look, within=30, what=f"{name} was sent")


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def say(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Say something").fill(text)
    page.get_by_role("button", name="Send").click()


def test_an_answer_is_edited_in_place_and_an_item_waived_with_a_reason(
    busy_gateway: GatewayDouble, busy_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{busy_dashboard.url}/projects/p-flights?stage=monitoring")
    item = page.locator(".item", has_text="Response plan")
    item.get_by_text("Answer", exact=True).click()
    item.get_by_role("textbox").fill("Anna turns it off.")
    item.get_by_role("button", name="Save").click()
    expect(page.locator(".item", has_text="Response plan").locator("p.answer")).to_have_text("Anna turns it off.")
    said = sent(busy_gateway, "fillAnswer")
    assert (said["projectId"], said["item"], said["expected"]) == ("p-flights", "response_plan", 0)

    item = page.locator(".item", has_text="Retraining schedule")
    item.get_by_text("Answer", exact=True).click()
    item.get_by_role("button", name="Waive…").click()
    dialog(page).get_by_role("button", name="Waive it").click()
    expect(dialog(page)).to_contain_text("is still empty")
    dialog(page).get_by_role("textbox").fill("A pilot only.")
    dialog(page).get_by_role("button", name="Waive it").click()
    expect(page.get_by_text("The item is waived.")).to_be_visible()
    assert sent(busy_gateway, "waiveItem")["reason"] == "A pilot only."
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone.")).to_be_visible()


def test_stages_follow_the_address_and_the_past_is_read_only(
    busy_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{busy_dashboard.url}/projects/p-flights")
    page.get_by_role("link", name=re.compile("4. Data gathering")).first.click()
    expect(page).to_have_url(re.compile("stage=gathering"))
    expect(page.get_by_role("heading", name="4. Data gathering")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="14. Monitoring")).to_be_visible()
    page.goto(f"{busy_dashboard.url}/projects/p-flights?on=2026-01-02&stage=business")
    expect(page.get_by_text("as it was at the end of 2 January 2026")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)


def test_a_project_is_created_and_opens(
    busy_gateway: GatewayDouble, busy_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{busy_dashboard.url}/projects")
    page.get_by_role("button", name="New project…").click()
    dialog(page).get_by_role("textbox", name=re.compile("^Name")).fill("Flight delays")
    dialog(page).get_by_role("textbox", name=re.compile("^What it owns")).fill("flights without a kind")
    dialog(page).get_by_role("button", name="Create it").click()
    expect(dialog(page)).to_contain_text("isn't one of")
    dialog(page).get_by_role("textbox", name=re.compile("^What it owns")).fill("model:flight-*")
    dialog(page).get_by_role("button", name="Create it").click()
    expect(page).to_have_url(re.compile("/projects/p-flights$"))
    said = sent(busy_gateway, "createProject")
    assert said["patterns"] == [{"kind": "MODEL", "glob": "flight-*"}]


def test_a_review_is_discussed_and_approved_for_exactly_what_was_seen(
    busy_gateway: GatewayDouble, busy_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{busy_dashboard.url}/reviews/{MODEL}/4")
    say(page, "Looks <b>fine</b> to me.")
    expect(page.locator("#review-comments")).to_contain_text("Looks <b>fine</b> to me.")
    page.get_by_role("button", name="Approve…").click()
    dialog(page).get_by_role("textbox").fill("Better, and the worst carrier is known.")
    dialog(page).get_by_role("button", name="Approve").click()
    expect(page.locator("#review-decisions")).to_contain_text("approved")
    said = sent(busy_gateway, "decideReview")
    assert said["digest"] == busy_gateway.lifecycle.reviews[0]["digest"]
    assert said["decision"] == "APPROVE"
    assert said["idempotencyKey"]


def test_a_part_of_a_review_is_talked_about_beside_it_and_its_thread_resolved(
    axe: str, busy_gateway: GatewayDouble, busy_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{busy_dashboard.url}/reviews/{MODEL}/4#GATE%3Aworst_carrier", width=390)
    button, panel = page.locator("[data-part='GATE:worst_carrier']"), page.locator("#talk")
    expect(button).to_be_focused()  # where the address leads to
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(panel).to_be_focused()
    field = panel.get_by_role("textbox", name="Comment on gate worst_carrier")
    field.fill("Only <b>one</b> airport?")
    assert objections(page, axe) == []

    # somebody else says something: it appears, and what is being written stays
    about = {"kind": "GATE", "key": "worst_carrier"}
    review = busy_gateway.lifecycle.reviews[0]
    review["comments"].append(comment("c7", None, "bela", "x" * 300, busy_gateway.lifecycle.now, about))
    busy_gateway.emit("registry.review.commented", f"{MODEL}/4", "commented")
    expect(panel.locator(".comment")).to_contain_text("x" * 300)
    expect(button).to_have_accessible_name("1 comment on gate worst_carrier, not resolved")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(field).to_have_value("Only <b>one</b> airport?")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    panel.get_by_role("button", name="Send").click()
    expect(panel.locator(".comment").last).to_contain_text("Only <b>one</b> airport?")
    assert sent(busy_gateway, "commentReview")["about"] == about
    expect(page.locator("#review-comments")).to_contain_text("on gate worst_carrier")
    expect(page.locator("#review-decisions")).to_contain_text("open remarks on")
    panel.get_by_role("button", name="Resolve").first.click()
    expect(panel).to_contain_text("1 resolved thread")
    assert sent(busy_gateway, "resolveReviewComment")["commentId"] == "c7"
    expect(page.locator("#talk:focus, #talk :focus")).to_have_count(1)  # although what was pressed is gone
    busy_gateway.emit("registry.review.comment_resolved", f"{MODEL}/4", "resolved")
    expect(button).to_have_accessible_name("2 comments on gate worst_carrier, not resolved")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "false")


def test_parameters_of_candidate_and_champion_fit_beside_each_other_however_long(
    busy_gateway: GatewayDouble, busy_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    for version in busy_gateway.models[0]["_versions"]:
        long = "HistGradientBoostingClassifier(categorical_features=12345)"
        version["params"] = [*version["params"], {"key": "classify", "value": long + version["version"]}]
    page = open_page(f"{busy_dashboard.url}/reviews/{MODEL}/4")
    params = page.locator("#review-params .table-scroll")
    expect(params.get_by_role("row", name="classify")).to_be_visible()
    assert params.evaluate("table => table.scrollWidth <= table.clientWidth")


def test_an_alert_is_taken_care_of_and_a_refusal_says_why(
    busy_gateway: GatewayDouble, busy_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{busy_dashboard.url}/alerts")
    page.get_by_role("link", name="4 features of flight-delay v3 drifted").click()
    busy_gateway.lifecycle.refusal = {
        "code": "NOT_ALLOWED_NOW",
        "message": "bela looks after it already",
        "field": None,
        "fix": "Talk to bela",
        "retryable": False,
    }
    page.get_by_role("button", name="I look after it…").click()
    dialog(page).get_by_role("button", name="I look after it").click()
    expect(dialog(page)).to_contain_text("Bela looks after it already. Talk to bela.")
    busy_gateway.lifecycle.refusal = None
    dialog(page).get_by_role("button", name="I look after it").click()
    expect(page.locator("#alert-head")).to_contain_text("acknowledged")
    assert sent(busy_gateway, "acknowledgeAlert")["alertId"] == "al1"


def test_a_version_is_deployed_and_an_alias_set_with_confirmation_and_undo(
    busy_gateway: GatewayDouble, busy_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{busy_dashboard.url}/models/{MODEL}/4")
    row = page.locator("#version-standings tr", has_text="production")
    expect(row).to_contain_text("no approved review, gates not passed")
    row.get_by_role("button", name="Deploy…").click()
    expect(dialog(page)).to_contain_text("instead of v3")
    dialog(page).get_by_role("button", name="Cancel").click()
    expect(dialog(page)).to_have_count(0)
    page.get_by_role("button", name="Set an alias…").click()
    dialog(page).get_by_role("button", name="Point it here").click()
    expect(page.get_by_text("The alias is set.")).to_be_visible()
    assert sent(busy_gateway, "setAlias")["version"] == "4"
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone.")).to_be_visible()
    assert sent(busy_gateway, "setAlias")["version"] == "3"


def test_a_tag_is_set_and_taken_back_and_a_dead_letter_goes_again(
    busy_gateway: GatewayDouble, busy_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{busy_dashboard.url}/runs/{busy_gateway.runs[3]['runId']}")
    page.get_by_role("button", name="Tag…", exact=True).click()
    dialog(page).get_by_role("textbox", name="Name").fill("purpose")
    dialog(page).get_by_role("button", name="Save").click()
    expect(page.get_by_text("The tag is set.")).to_be_visible()
    assert sent(busy_gateway, "setRunTag")["tag"] == "purpose"
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone.")).to_be_visible()
    assert sent(busy_gateway, "deleteRunTag")["tag"] == "purpose"
    page.goto(f"{busy_dashboard.url}/settings?show=letters")
    page.get_by_role("button", name="Again…").click()
    dialog(page).get_by_role("button", name="Give it again").click()
    expect(page.get_by_text("goes again")).to_be_visible()
    assert sent(busy_gateway, "decideMonitorDeadLetter")["decision"] == "RETRY"


def test_runs_ticked_in_the_grid_are_compared(busy_dashboard: DashboardProcess, open_page: OpenPage) -> None:
    page = open_page(f"{busy_dashboard.url}/runs")
    expect(page.locator("#runs-count")).to_have_text("240 runs")
    for row in (1, 2, 3):
        page.locator(
            f".ag-center-cols-container [row-index='{row}'], .ag-pinned-left-cols-container [row-index='{row}']"
        )
        page.locator(f"[row-index='{row}'] input[type=checkbox]").first.check()
    page.get_by_role("link", name="Compare 3 runs").click()
    expect(page.locator("h1")).to_have_text("Compare runs")
    expect(page.locator(".compared thead th")).to_have_count(4)
    expect(page.locator(".compared")).not_to_contain_text("max_iter")
    page.get_by_text("Everything", exact=True).click()
    expect(page.locator(".compared")).to_contain_text("max_iter")
    page.get_by_role("link", name=re.compile("^Take out")).first.click()
    expect(page.locator(".compared thead th")).to_have_count(3)
    page.go_back()
    expect(page.locator(".compared thead th")).to_have_count(4)


def test_the_audit_trail_is_verified_and_tampering_shows(
    busy_gateway: GatewayDouble, busy_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{busy_dashboard.url}/events/audit")
    page.get_by_role("button", name="Verify the trail").click()
    expect(page.locator("#audit-verdict")).to_contain_text("untouched")
    expect(page.locator("#audit-verdict")).to_contain_text("119")
    busy_gateway.lifecycle.tampered = True
    page.get_by_role("button", name="Verify again").click()
    expect(page.locator("#audit-verdict")).to_contain_text("tampered with")
    busy_gateway.lifecycle.tampered = False
    page.get_by_role("textbox", name="User").fill("bela")
    expect(page).to_have_url(re.compile("user=bela"))
    expect(page.locator("tbody")).not_to_contain_text("anna")


def test_the_stream_is_searched_by_words_and_shown_as_it_was_on_a_day(
    busy_gateway: GatewayDouble, busy_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{busy_dashboard.url}/events")
    expect(page.locator("#feed")).to_contain_text("flight-delay at version 3")
    field = page.get_by_role("textbox", name="Words")
    field.press_sequentially("CHAMPION flight-delay")
    expect(page).to_have_url(re.compile("words=CHAMPION"))
    expect(page.locator(".feed li")).to_have_count(1)
    expect(field).to_be_focused()  # the page was drawn anew meanwhile
    expect(field).to_have_value("CHAMPION flight-delay")
    field.fill("nowhere")
    expect(page.get_by_text("Nothing fits")).to_be_visible()
    field.fill("")
    expect(page.locator("#feed")).to_contain_text("flight-delay at version 3")
    day = page.get_by_role("textbox", name="The stream as it was on")
    day.fill("2 Jan 2020")
    day.press("Enter")
    expect(page.get_by_text("The stream as it was at the end of 2 January 2020")).to_be_visible()
    expect(page.get_by_text("Nothing fits")).to_be_visible()
    page.get_by_role("link", name="Back to now").click()
    expect(page.locator("#feed")).to_contain_text("flight-delay at version 3")
    page.wait_for_function("() => document.querySelectorAll('.feed li').length > 30")  # all that were asked for
    busy_gateway.emit("registry.run.started", "run-x", "started while somebody reads")
    expect(page.locator("#feed")).to_contain_text("started while somebody reads")
    assert page.locator(".feed li").count() > 30, "the older ones stay"


def test_an_alert_is_discussed_silenced_with_a_way_back_and_resolved(
    busy_gateway: GatewayDouble, busy_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{busy_dashboard.url}/alerts/al1")
    say(page, "It is <b>summer</b>.")
    assert sent(busy_gateway, "commentAlert")["text"] == "It is <b>summer</b>."
    page.get_by_role("button", name="Silence…").click()
    dialog(page).get_by_role("textbox", name=re.compile("^Why")).fill("A heat wave")
    dialog(page).get_by_role("button", name="Silence it").click()
    said = sent(busy_gateway, "setSilence")
    assert (said["model"], said["version"], said["reason"]) == (MODEL, "3", "A heat wave")
    page.get_by_role("button", name="Undo").click()
    assert sent(busy_gateway, "endSilence")["silenceId"]
    expect(page.get_by_text("Undone.")).to_be_visible()
    page.get_by_role("button", name="Take it back…").click()  # somebody had asked for it already
    dialog(page).get_by_role("textbox").fill("It is the season.")
    dialog(page).get_by_role("button", name="Decline it").click()
    assert sent(busy_gateway, "declineRetraining")["expected"] == 1
    page.get_by_role("button", name="Request retraining…").click()
    dialog(page).get_by_role("button", name="Request it").click()
    expect(dialog(page)).to_have_count(0)
    said = sent(busy_gateway, "requestRetraining")
    assert (said["alertId"], said["backTo"]) == ("al1", "BUILDING")
    expect(page.locator("#alert-head")).to_contain_text("Retraining asked for by anna")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Request retraining…")).to_be_visible()
    wait_until(lambda: sent(busy_gateway, "declineRetraining")["id"] == "t2", within=WITHIN, what="it is taken back")
    resolve = page.get_by_role("button", name="Resolve…")
    resolve.focus()
    page.keyboard.press("Enter")
    expect(dialog(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog(page)).to_have_count(0)
    expect(resolve).to_be_focused()
    page.keyboard.press("Enter")
    dialog(page).get_by_role("textbox").fill("The reference was renewed.")
    dialog(page).get_by_role("button", name="Resolve it").click()
    expect(page.locator("#alert-head")).to_contain_text("resolved")
    assert sent(busy_gateway, "resolveAlert")["reason"] == "The reference was renewed."
    page.get_by_role("link", name="Monitoring", exact=True).last.click()
    expect(page).to_have_url(re.compile(f"/monitoring/{MODEL}/3\\?feature=temp&start=2013-09"))


def test_lineage_leads_from_thing_to_thing(busy_dashboard: DashboardProcess, open_page: OpenPage) -> None:
    page = open_page(f"{busy_dashboard.url}/lineage/version/{MODEL}%2F3")
    page.get_by_role("link", name=re.compile("4 features drifted")).first.click()
    expect(page).to_have_url(re.compile("/lineage/alert/al1"))
    expect(page.locator(".lineage-box.chosen")).to_contain_text("4 features drifted")
    page.locator(".lineage-box.chosen").click()
    expect(page).to_have_url(re.compile("/alerts/al1"))


def test_an_inbox_follows_its_events(
    busy_gateway: GatewayDouble, busy_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{busy_dashboard.url}/alerts")
    expect(page.locator("#live-badge")).to_have_text("Live")
    another = {
        **busy_gateway.lifecycle.alerts[0],
        "alertId": "al2",
        "title": "Nothing arrived for an hour",
        "state": "OPEN",
    }
    busy_gateway.lifecycle.alerts.append(another)
    busy_gateway.emit("monitor.alert.opened", "al2", "an alert opened")
    expect(page.locator("#alerts-inbox")).to_contain_text("Nothing arrived for an hour")


def test_experiments_are_renamed_deleted_brought_back_and_deleted_for_good(
    busy_gateway: GatewayDouble, busy_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{busy_dashboard.url}/experiments")
    row = page.get_by_role("row", name=re.compile("weather ablation"))
    row.get_by_role("button", name="Rename…").click()
    field = dialog(page).get_by_role("textbox", name=re.compile("^Its name"))
    expect(field).to_have_value("weather ablation")
    field.fill("without weather")
    dialog(page).get_by_role("button", name="Rename it").click()
    row = page.get_by_role("row", name=re.compile("without weather"))
    row.get_by_role("button", name="Delete…").click()
    dialog(page).get_by_role("button", name="Delete it").click()
    expect(row).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(row).to_be_visible()
    assert sent(busy_gateway, "restoreExperiment")["experimentId"] == "2"
    row.get_by_role("button", name="Delete…").click()
    dialog(page).get_by_role("button", name="Delete it").click()
    expect(row).to_have_count(0)
    page.get_by_text("Deleted", exact=True).click()
    page.get_by_role("button", name="Delete for good…").click()
    dialog(page).get_by_label("Deleted at least so many days ago").fill("0")
    dialog(page).get_by_role("textbox", name=re.compile("^Write “for good”")).fill("for good")
    dialog(page).get_by_role("button", name="Delete it for good").click()
    expect(page.get_by_text("Gone for good: 3 runs")).to_be_visible()
    assert sent(busy_gateway, "purgeDeleted")["days"] == 0


def test_a_version_goes_only_when_its_name_is_written_and_shows_as_it_was_on_a_day(
    busy_gateway: GatewayDouble, busy_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{busy_dashboard.url}/models/{MODEL}/2")
    page.get_by_role("button", name="Delete…").click()
    dialog(page).get_by_role("textbox").fill("something else")
    dialog(page).get_by_role("button", name="Delete it for good").click()
    expect(dialog(page)).to_contain_text("nothing was deleted")
    dialog(page).get_by_role("button", name="Cancel").click()
    day = page.get_by_role("textbox", name="The version as it was on")
    day.fill("2 Jan 2026")
    day.press("Enter")
    expect(page).to_have_url(re.compile(f"/models/{MODEL}/2/on/2026-01-02$"))
    expect(page.get_by_text("as it was at the end of 2 January 2026")).to_be_visible()
    page.get_by_role("button", name="As it is now").click()
    expect(page).to_have_url(re.compile(f"/models/{MODEL}/2$"))
    expect(page.get_by_role("button", name="Request a review…")).to_be_visible()
    assert not any(name == "deleteModelVersion" for name, _ in busy_gateway.lifecycle.sent)
