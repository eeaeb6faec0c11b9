"""Takes the pictures of docs/tour from a running stack: `python -m tests.e2e.tour --dashboard URL --gateway URL`."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import httpx
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from dashboard.site import SESSION_COOKIE
from tests.e2e.conftest import CHROMIUM

TOUR = Path(__file__).parents[2] / "docs" / "tour"
QUESTION = """{
  monitoredVersions(first: 1) { nodes { model version } }
  champions: models(first: 1) { nodes { name aliases { name version } } }
  runs(first: 20) { nodes { runId params { key } } }
  projects(first: 2) { nodes { projectId } }
  datasets(first: 1) { nodes { name } }
  alerts(first: 1) { nodes { alertId } }
  reviews(first: 1) { nodes { model version } }
  insights(first: 1) { nodes { insightId } }
}"""
WIDTHS = {"desk": 1400, "phone": 390}
ON_A_PHONE = ("overview", "live", "board")
COLOURS = 256  # of a picture: a third of the bytes, and no difference to the eye


def pages(gateway: str, token: str) -> dict[str, str]:
    """Every page, of what the stack knows; what it knows nothing of is left out."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = httpx.post(
        f"{gateway.rstrip('/')}/graphql", json={"query": QUESTION}, headers=headers, trust_env=False, timeout=30
    ).json()["data"]

    def first(field: str) -> dict[str, str] | None:
        nodes = (answer.get(field) or {}).get("nodes") or []
        return nodes[0] if nodes else None

    found = {"overview": "/", "projects": "/projects"}
    projects = [one for one in answer["projects"]["nodes"] if one["projectId"] != "default"] or answer["projects"][
        "nodes"
    ]
    if project := next(iter(projects), None):
        found["board"] = f"/projects/{quote(project['projectId'], safe='')}"
        found["board-stage"] = f"{found['board']}?stage=business"
    found |= {"runs": "/runs", "run-groups": "/runs/groups", "experiments": "/experiments"}
    telling = sorted(answer["runs"]["nodes"], key=lambda node: len(node["params"]), reverse=True)
    runs = [node["runId"] for node in telling[:3]]
    if runs:
        found["run"] = f"/runs/{runs[0]}"
    if len(runs) > 1:
        found["compare"] = f"/runs/compare?ids={','.join(runs)}"
    found["datasets"] = "/datasets"
    if dataset := first("datasets"):
        found["dataset"] = f"/datasets/{quote(dataset['name'], safe='')}"
    found |= {"models": "/models", "monitoring": "/monitoring", "reviews": "/reviews"}
    if watched := first("monitoredVersions"):
        model, version = (quote(watched[part], safe="") for part in ("model", "version"))
        found["model"] = f"/models/{model}"
        aliases = [one for known in answer["champions"]["nodes"] if known["name"] == model for one in known["aliases"]]
        shown = next((one["version"] for one in aliases if one["name"] == "champion"), version)
        found["version"] = f"/models/{model}/{shown}"
        found["version-past"] = f"{found['version']}/on/{datetime.now(UTC).date().isoformat()}"
        found["lineage"] = f"/lineage/version/{quote(f'{model}/{version}', safe='')}"
        found["live"] = f"/monitoring/{model}/{version}?feature=temp&range=all&merged=7"
    if review := first("reviews"):
        found["review"] = f"/reviews/{quote(review['model'], safe='')}/{review['version']}"
    found |= {"alerts": "/alerts?show=all", "insights": "/insights", "events": "/events", "audit": "/events/audit"}
    if alert := first("alerts"):
        found["alert"] = f"/alerts/{quote(alert['alertId'], safe='')}"
    if insight := first("insights"):
        found["insight"] = f"/insights/{quote(insight['insightId'], safe='')}"
    for name in ("gates", "rules", "webhooks", "letters", "tokens"):
        found[f"settings-{name}"] = f"/settings?show={name}"
    return {**found, "settings": "/settings", "palette": "/"}


def taken(page: Page, file: Path) -> None:
    """The page as a picture with a palette of its own."""
    page.screenshot(path=file)
    with Image.open(file) as picture:
        small = picture.convert("RGB").quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    small.save(file, optimize=True)


def palette_shown(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("flight")
    page.get_by_role("option").nth(1).wait_for()
    page.wait_for_timeout(600)  # typing rests, answers come


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--dashboard", default="http://127.0.0.1:8050")
    options.add_argument("--gateway", default="http://127.0.0.1:8000")
    options.add_argument("--into", type=Path, default=TOUR)
    options.add_argument("--token", default=os.environ.get("LIFECYCLE_TOKEN", ""), help="where the stack asks for one")
    options.add_argument("--only", nargs="*", default=[], help="names of pages; all if unsaid")
    given = options.parse_args()
    given.into.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", CHROMIUM), args=["--no-sandbox"]
        )
        for name, path in pages(given.gateway, given.token).items():
            if given.only and name not in given.only:
                continue
            for theme in ("light", "dark"):
                for device, width in WIDTHS.items():
                    if device == "phone" and (theme == "dark" or name not in ON_A_PHONE):
                        continue  # the layout is the same; two pictures show it
                    context = browser.new_context(
                        viewport={"width": width, "height": 900},
                        color_scheme="dark" if theme == "dark" else "light",
                        reduced_motion="reduce",
                    )
                    if given.token:
                        context.add_cookies([{"name": SESSION_COOKIE, "value": given.token, "url": given.dashboard}])
                    page = context.new_page()
                    page.goto(given.dashboard.rstrip("/") + path)
                    page.locator("h1").wait_for()
                    page.wait_for_load_state("networkidle")
                    for card in page.locator(".model-card").all():
                        card.locator("h1, h2, h3, h4, p").first.wait_for()
                    if name == "live":
                        page.locator(".js-plotly-plot .bglayer").nth(6).wait_for(state="attached")
                    page.wait_for_timeout(1000)  # charts have their size
                    height = page.evaluate("document.documentElement.scrollHeight") if name != "palette" else 0
                    if name == "palette":
                        palette_shown(page)
                    page.set_viewport_size({"width": width, "height": max(900, height)})
                    page.wait_for_load_state("networkidle")
                    page.wait_for_timeout(400)  # charts settle into the new size
                    file = given.into / f"{name}-{theme if device == 'desk' else device}.png"
                    taken(page, file)
                    sys.stdout.write(f"{file}\n")
                    context.close()
        browser.close()


if __name__ == "__main__":
    main()
