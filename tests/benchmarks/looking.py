"""One look at a page of the dashboard in a fresh browser: when it stands, and what that took."""

from __future__ import annotations

import json
from dataclasses import dataclass

from playwright.async_api import Browser
from playwright.async_api import TimeoutError as TookTooLong

WITHIN = 60.0  # seconds that anything may take before the run is given up
PAINTED = """stands => {
    const look = () => {
        const charts = [...document.querySelectorAll('.dash-graph')];
        if (!window.standsAt && document.querySelector(stands)) {
            window.standsAt = -1;
            requestAnimationFrame(() => requestAnimationFrame(() => { window.standsAt = performance.now(); }));
        }
        if (!window.allAt && charts.length && charts.every(one => one.querySelector('.main-svg')))
            window.allAt = performance.now();
    };
    window.longest = 0;
    new PerformanceObserver(list => {
        for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration);
    }).observe({entryTypes: ['longtask']});
    new MutationObserver(look).observe(document, {childList: true, subtree: true});
}"""
SETTLED = 1000  # milliseconds that a new browser window has for itself, before it is sent anywhere


@dataclass
class Looked:
    """One look at a page in a fresh browser: milliseconds from the navigation on, kilobytes as they travel."""

    stands: float  # its first chart, row or heading is painted
    everything: float  # every chart is drawn; 0 without charts
    longest: float  # the longest time that the page's thread was busy without a pause
    kilobytes: float
    requests: int


async def looked(browser: Browser, url: str, stands: str, *, everything: bool = False) -> Looked:
    """An empty cache, a window that is there already; the services are warm."""
    page = await browser.new_page()
    await page.add_init_script(f"({PAINTED})({json.dumps(stands)})")
    wire = await page.context.new_cdp_session(page)
    await wire.send("Network.enable")
    received: list[float] = []
    wire.on("Network.loadingFinished", lambda one: received.append(one["encodedDataLength"]))
    await page.wait_for_timeout(SETTLED)
    await page.goto(url, wait_until="commit")
    try:
        await page.wait_for_function("() => window.standsAt > 0", timeout=WITHIN * 1000 / 2)
    except TookTooLong as error:
        said = await page.evaluate("() => document.body.innerText + JSON.stringify([window.standsAt, window.allAt])")
        raise RuntimeError(f"{url} didn't stand: {said[:2000]}") from error
    kilobytes, requests = sum(received) / 1000, len(received)  # what is loaded ahead when it is idle comes later
    if everything:
        await page.wait_for_function("() => window.allAt > 0", timeout=WITHIN * 1000)
        await page.wait_for_timeout(SETTLED)
    stood, all_drawn, longest = await page.evaluate("() => [window.standsAt, window.allAt || 0, window.longest]")
    await page.close()
    return Looked(stood, all_drawn, longest, kilobytes, requests)
