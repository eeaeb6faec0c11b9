"""Takes the pictures of docs/tour from a running stack: `python -m tests.e2e.tour --dashboard URL --gateway URL`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

from tests.e2e.conftest import CHROMIUM

TOUR = Path(__file__).parents[2] / "docs" / "tour"
QUESTION = "{ monitored { model version } runs(first: 1) { nodes { runId } } }"
WIDTHS = {"desk": 1400, "phone": 390}


def pages(gateway: str) -> dict[str, str]:
    """Every page, of what the stack knows."""
    answer = httpx.post(f"{gateway.rstrip('/')}/graphql", json={"query": QUESTION}, trust_env=False).json()["data"]
    watched = answer["monitored"][0]
    model, version = watched["model"], watched["version"]
    return {
        "overview": "/",
        "models": "/models",
        "model": f"/models/{model}",
        "monitoring": "/monitoring",
        "live": f"/monitoring/{model}/{version}?feature=temp&range=all&merged=7",
        "runs": "/runs",
        "run": f"/runs/{answer['runs']['nodes'][0]['runId']}",
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--dashboard", default="http://127.0.0.1:8050")
    options.add_argument("--gateway", default="http://127.0.0.1:8000")
    options.add_argument("--into", type=Path, default=TOUR)
    given = options.parse_args()
    given.into.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", CHROMIUM), args=["--no-sandbox"]
        )
        for name, path in pages(given.gateway).items():
            for theme in ("light", "dark"):
                for device, width in WIDTHS.items():
                    if device == "phone" and (theme == "dark" or name not in ("overview", "live")):
                        continue  # the layout is the same; two pictures show it
                    context = browser.new_context(
                        viewport={"width": width, "height": 900},
                        color_scheme="dark" if theme == "dark" else "light",
                        reduced_motion="reduce",
                    )
                    page = context.new_page()
                    page.goto(given.dashboard.rstrip("/") + path)
                    page.locator("h1").wait_for()
                    page.wait_for_load_state("networkidle")
                    if name == "live":
                        page.locator(".js-plotly-plot .bglayer").nth(4).wait_for(state="attached")
                    page.wait_for_timeout(1000)  # charts have their size
                    height = page.evaluate("document.documentElement.scrollHeight")
                    page.set_viewport_size({"width": width, "height": max(900, height)})
                    page.wait_for_load_state("networkidle")
                    page.wait_for_timeout(400)  # charts settle into the new size
                    file = given.into / f"{name}-{theme if device == 'desk' else device}.png"
                    page.screenshot(path=file)
                    sys.stdout.write(f"{file}\n")
                    context.close()
        browser.close()


if __name__ == "__main__":
    main()
