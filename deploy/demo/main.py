"""The demonstration from end to end: data, training, champion, reference, replay; what is there already is kept."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Final

import httpx
from rich.console import Console

from deploy.demo.children import colleague, run_child, together
from deploy.demo.flights import load_flights, read_table
from deploy.demo.ingest import Ingest
from deploy.demo.plans import MODEL, PLANS, USERS
from deploy.demo.replay import Bookmark, Replay, play
from deploy.demo.reports import ChampionReport, Report, RunReport
from deploy.demo.screen import ReplayScreen, TrainingScreen, champion_line
from deploy.demo.standing import remember, standing_champion
from deploy.demo.story import acts, loop
from deploy.demo.story.acts import Scene, standing_line
from deploy.demo.story.board import look
from deploy.demo.story.evaluating import evaluation_path
from deploy.demo.story.graphql import Colleague, identity
from deploy.demo.story.tables import Manifest, read_manifest
from deploy.local.problems import Problem
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

    def say(line: str) -> None:
        console.print(f"  {line}", highlight=False, soft_wrap=True, markup=False)

    async def run(
        module: str, user: str, *arguments: str, told: Callable[[Report], None] = lambda report: None
    ) -> None:
        environment = colleague(user, urls.registry, tokens.get(user))
        log = cache / f"{module}-{user}.log"
        await run_child(f"deploy.demo.{module}", [*arguments, "--cache", str(cache)], environment, log, told)

    async with contextlib.AsyncExitStack() as clients:

        async def client(user: str, base_url: str = "") -> httpx.AsyncClient:
            headers = identity(user, tokens.get(user))
            made = httpx.AsyncClient(base_url=base_url, headers=headers, timeout=_TIMEOUT)
            return await clients.enter_async_context(made)

        anna, ben = [Colleague(user, await client(user), urls.graphql, say) for user in USERS]
        monitor = await client(anna.user, urls.monitor)
        scene = Scene(anna, ben, urls.registry, monitor, cache, run)
        before = await standing_champion(await client(anna.user, urls.registry), cache)
        project_id = await acts.scope(scene)
        manifest = await _manifest(scene)
        champion = before or await _trained(scene, project_id, manifest, console)
        if before is not None:
            say(champion_line(before))
            await acts.gather(scene, project_id, manifest)
        remember(cache, champion)
        await acts.learn(scene, project_id, manifest)
        await acts.go_live(scene, project_id, champion)
        _where_to_look(console, urls)
        await _beside(
            _replayed(monitor, champion, cache, speed, console), loop.answer_alerts(scene, champion.version), say
        )
        await _second(scene, project_id, champion, say)


async def _manifest(scene: Scene) -> Manifest:
    """The tables of the first quarter, written now if they aren't there."""
    if read_manifest(scene.cache, "q1") is None:
        scene.anna.say("joins flights, weather and planes, and splits the first quarter")
        await scene.run("story.tables", scene.anna.user, "--period", "q1")
    manifest = read_manifest(scene.cache, "q1")
    if manifest is None:
        raise Problem(f"The demonstration's tables are not in {scene.cache}.", "Look at the log beside it.")
    return manifest


async def _trained(scene: Scene, project_id: str, manifest: Manifest, console: Console) -> ChampionReport:
    started = time.monotonic()
    reports: list[Report] = []
    anna_is_ahead = asyncio.Event()
    with TrainingScreen(console, len(PLANS)) as screen:

        def told(report: Report) -> None:
            reports.append(report)
            screen.told(report)
            if sum(isinstance(one, RunReport) for one in reports) >= _HEAD_START:
                anna_is_ahead.set()

        async def ben() -> None:
            await anna_is_ahead.wait()
            await scene.run("training", "ben", "--user", "ben", told=told)

        screen.step("anna and ben train")
        await together(
            acts.gather(scene, project_id, manifest),
            scene.run("training", "anna", "--user", "anna", told=told),
            ben(),
        )
        screen.step("the best is evaluated")
        await scene.run("champion", "anna", told=told)
    console.print(
        f"  trained, registered and evaluated in {time.monotonic() - started:.0f} s", highlight=False, soft_wrap=True
    )
    return next(report for report in reports if isinstance(report, ChampionReport))


async def _beside(
    work: Coroutine[None, None, None], companion: Coroutine[None, None, None], say: Callable[[str], None]
) -> None:
    """Does the work while the companion goes on; that one's failure is said, and doesn't end the work."""
    beside = asyncio.create_task(companion)
    try:
        await work
    finally:
        beside.cancel()
        [outcome] = await asyncio.gather(beside, return_exceptions=True)
        if isinstance(outcome, Exception):
            say(f"nobody looked at alerts meanwhile: {outcome}")


async def _second(scene: Scene, project_id: str, champion: ChampionReport, say: Callable[[str], None]) -> None:
    """From the alert to the second version, unless the champion is somebody else's."""
    if not evaluation_path(scene.cache, champion.version).exists():
        return
    await acts.fail_safe(scene, project_id, champion.version)
    started = time.monotonic()
    closed = scene.cache / f"loop-closed-{champion.run_id}"
    second = None if closed.exists() else await loop.retrained(scene, project_id, champion)
    if second is not None:
        remember(scene.cache, champion, under=second.run_id)
        await loop.close(scene, project_id)
        closed.write_text(second.version)
        say(f"the loop took {time.monotonic() - started:.0f} s")
    say(standing_line(await look(scene.anna, project_id)))


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
