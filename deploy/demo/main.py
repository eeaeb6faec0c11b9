"""The demonstration from end to end: data, training, champion, reference, replay; what is there already is kept."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx
from rich.console import Console

from deploy.demo.children import colleague, run_child
from deploy.demo.flights import load_flights, read_table
from deploy.demo.ingest import Ingest
from deploy.demo.plans import MODEL, PLANS, USERS
from deploy.demo.replay import Bookmark, Replay, play
from deploy.demo.reports import ChampionReport, Report, RunReport
from deploy.demo.screen import ReplayScreen, TrainingScreen, champion_line
from deploy.demo.standing import remember, standing_champion
from deploy.local.settings import LocalSettings
from deploy.local.stack import Urls

_HEAD_START: Final = 1  # runs anna has done when ben begins, so that his repeat is the later one
_TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0)


async def run_demo(
    urls: Urls,
    *,
    speed: float,
    console: Console,
    state_dir: Path | None = None,
    tokens: Mapping[str, str] | None = None,
) -> None:
    """Shows the product on real data, and says where to look.

    speed: 1 plays April to December in three minutes, 2 in half of that.
    state_dir: the stack's, for the joined data and the position of the replay; the settings' own by default.
    tokens: the API token of each user, where the stack asks who comes in.
    Raises Problem when something stands in the way that the person at the keyboard can put right.
    """
    cache = (state_dir or LocalSettings().state_dir) / "demo"
    cache.mkdir(parents=True, exist_ok=True)
    tokens = tokens or {}
    bearer = {"Authorization": f"Bearer {tokens[USERS[0]]}"} if USERS[0] in tokens else {}
    async with httpx.AsyncClient(base_url=urls.registry, headers=bearer, timeout=_TIMEOUT) as registry:
        champion = await standing_champion(registry, cache)
    if champion is not None:
        console.print(f"  {champion_line(champion)}", highlight=False, soft_wrap=True)
    else:
        champion = await _trained(urls, tokens, cache, console)
        remember(cache, champion)
    _where_to_look(console, urls)
    async with httpx.AsyncClient(base_url=urls.monitor, headers=bearer, timeout=_TIMEOUT) as monitor:
        await _replayed(monitor, champion, cache, speed, console)


async def _trained(urls: Urls, tokens: Mapping[str, str], cache: Path, console: Console) -> ChampionReport:
    started = time.monotonic()
    reports: list[Report] = []
    anna_is_ahead = asyncio.Event()
    with TrainingScreen(console, len(PLANS)) as screen:

        def told(report: Report) -> None:
            reports.append(report)
            screen.told(report)
            if sum(isinstance(one, RunReport) for one in reports) >= _HEAD_START:
                anna_is_ahead.set()

        async def child(module: str, user: str, *arguments: str) -> None:
            environment = colleague(user, urls.registry, tokens.get(user))
            log = cache / f"{module}-{user}.log"
            await run_child(f"deploy.demo.{module}", [*arguments, "--cache", str(cache)], environment, log, told)

        async def ben() -> None:
            await anna_is_ahead.wait()
            await child("training", "ben", "--user", "ben")

        screen.step("joining flights, weather and planes")
        await child("flights", "anna")
        screen.step("anna and ben train")
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(child("training", "anna", "--user", "anna"))
                both.create_task(ben())
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None  # one failure ends the other colleague too: say the first
        screen.step("the best becomes champion")
        await child("champion", "anna")
    console.print(
        f"  trained, registered and evaluated in {time.monotonic() - started:.0f} s", highlight=False, soft_wrap=True
    )
    return next(report for report in reports if isinstance(report, ChampionReport))


async def _replayed(
    monitor: httpx.AsyncClient, champion: ChampionReport, cache: Path, speed: float, console: Console
) -> None:
    replay = await asyncio.to_thread(
        lambda: Replay(load_flights(cache), read_table(Path(champion.scores)), champion.run_id)
    )
    bookmark = Bookmark(cache / f"replay-{champion.run_id}.json")
    before = bookmark.read()
    if before.steps == len(replay.steps):
        console.print(f"  the year has been replayed: {before.predictions:,} predictions, {before.labels:,} labels")
        return
    started = time.monotonic()
    with ReplayScreen(console) as screen:
        ingest = Ingest(monitor, MODEL, champion.version, waiting=screen.waiting)
        position = await play(replay, ingest, bookmark, speed, screen.passed)
    console.print(
        f"  replayed in {time.monotonic() - started:.0f} s: {position.predictions:,} predictions, "
        f"{position.labels:,} labels",
        highlight=False,
        soft_wrap=True,
    )


def _where_to_look(console: Console, urls: Urls) -> None:
    places = {
        "Live monitoring": urls.dashboard,
        "GraphQL": urls.graphql,
        "MLflow tracking URI": urls.registry,
        "Prometheus metrics": f"{urls.monitor}/metrics",
    }
    for name, url in places.items():
        if url:
            console.print(f"  {name:<20} {url}", highlight=False, soft_wrap=True)
