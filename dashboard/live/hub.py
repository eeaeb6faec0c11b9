"""The hub: starts a topic when the first browser wants it, batches what it publishes, ends it when nobody looks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from prometheus_client import Counter, Gauge

from dashboard.gateway import operations as ask
from dashboard.gateway.views import EventView
from dashboard.live import names
from dashboard.live.browser import Browser
from dashboard.live.feed import LiveFeed
from dashboard.live.frames import Frame
from dashboard.live.run import LiveRun
from dashboard.live.sections import LiveSections, Sectioned, sectioned
from dashboard.live.windows import LiveWindows
from dashboard.site import Site
from services.contracts.errors import LifecycleError, Unauthenticated

BATCH = 0.06  # seconds that frames of a topic are gathered
BEAT = 2.0  # seconds between signs of life
NOTICE = 0.25  # seconds until a change of state is said
LOOK = 1.0  # seconds between looks whether the gateway itself is whole
LOOK_AGAIN = 0.3  # seconds, while it isn't
LINGER = 30.0  # seconds that a topic outlives its last browser: people go back and forth
SESSION_CHECK = 5.0  # seconds between checks of each open session's token

log = structlog.get_logger(__name__)
_browsers = Gauge("lifecycle_dashboard_browsers", "Open browsers with a live connection")
_topics = Gauge("lifecycle_dashboard_topics", "Live topics with an upstream")
_frames = Counter("lifecycle_dashboard_frames_total", "Frames offered to browsers")
_events = Counter("lifecycle_dashboard_events_total", "Events heard from the gateway")


class Topic:
    """One live topic: its sources run as tasks, its frames go out in batches."""

    def __init__(self, name: str, offer: Callable[[str, Frame], None]) -> None:
        self.name = name
        self.sections: LiveSections | None = None
        self.windows: LiveWindows | None = None
        self.training: LiveRun | None = None
        self.abandoned_at: float | None = None
        self._offer = offer
        self._gathered = Frame()
        self._late: Callable[[], Frame] | None = None
        self._flushing: asyncio.TimerHandle | None = None
        self._flushed_at = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, *sources: Coroutine[Any, Any, None]) -> None:
        self._tasks += [asyncio.create_task(_watched(source), name=self.name) for source in sources]

    async def stop(self) -> None:
        if self._flushing:
            self._flushing.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def publish(self, frame: Frame) -> None:
        self._gathered = self._gathered.merged(frame)
        self._flush_soon()

    def publish_late(self, make: Callable[[], Frame]) -> None:
        """Like `publish`, made only when the batch goes out: a burst costs one."""
        self._late = make
        self._flush_soon()

    def _flush_soon(self) -> None:
        """The first frame after a quiet moment goes at once; what follows is gathered."""
        if self._flushing is None:
            loop = asyncio.get_running_loop()
            self._flushing = loop.call_at(max(loop.time(), self._flushed_at + BATCH), self._flush)

    def _flush(self) -> None:
        self._flushing = None
        self._flushed_at = asyncio.get_running_loop().time()
        frame, self._gathered = self._gathered, Frame()
        if self._late:
            frame = frame.merged(self._late())
            self._late = None
        self._offer(self.name, frame)

    def snapshot(self) -> Frame:
        return Frame(self.sections.shown if self.sections else {}, self.windows.rows if self.windows else {})

    @property
    def trouble(self) -> str | None:
        sources = (self.windows, self.training, self.sections)
        return next((source.trouble for source in sources if source and source.trouble), None)


async def _watched(source: Coroutine[Any, Any, None]) -> None:
    try:
        await source
    except Exception as error:  # a background task's boundary: it must be seen
        log.error("a live topic ended", exc_info=error)
        raise


class Hub:
    """All of a dashboard process's live topics and browsers."""

    def __init__(self, site: Site, gateway_url: str, own_token: str, open_mode: bool) -> None:
        self._site = site
        self._url = gateway_url
        self._own_token = own_token
        self._open = open_mode
        self._browsers: set[Browser] = set()
        self._topics: dict[str, Topic] = {}
        self._somebody = asyncio.Event()
        self._unready = ""
        self._feed_topic = Topic(names.FEED, self._offer)
        self.feed = LiveFeed(
            site, gateway_url, self.token, self._feed_topic.publish_late, self._heard, self._refresh_all
        )

    def token(self) -> str:
        """What upstream connections authenticate with: our own token, else that of somebody who is here."""
        return self._own_token or next((browser.token for browser in self._browsers if browser.token), "")

    async def run(self) -> None:
        """Everything the hub does beside its browsers' own connections; ends with its task."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_events())
            group.create_task(self._beat())
            group.create_task(self._look())
            group.create_task(self._end_abandoned())
            group.create_task(self._check_sessions())

    async def close(self) -> None:
        for browser in self._browsers:
            browser.close(1012)  # "service restart": the browser comes back
        await asyncio.gather(*(topic.stop() for topic in [*self._topics.values(), self._feed_topic]))
        self._topics.clear()

    @contextlib.asynccontextmanager
    async def admitted(self, browser: Browser) -> Any:
        """While inside, the browser gets what it watches."""
        self._browsers.add(browser)
        self._somebody.set()
        _browsers.inc()
        browser.beat(self._state(browser))
        try:
            yield
        finally:
            self._browsers.discard(browser)
            _browsers.dec()

    def watch(self, browser: Browser, topics: list[str]) -> None:
        """From now on the browser follows exactly these; it gets each one's newest state at once."""
        known: set[str] = set()
        for name in topics:
            if name == names.FEED:
                known.add(name)
                browser.offer(name, self.feed.snapshot())
                continue
            what = sectioned(name)
            if what is None:
                log.info("a browser asked for an unknown topic", topic=name[:200])
                continue
            known.add(name)
            topic = self._topics.get(name) or self._start(name, what)
            topic.abandoned_at = None
            browser.offer(name, topic.snapshot())
        browser.topics = known
        browser.beat(self._state(browser))

    def _start(self, name: str, what: Sectioned) -> Topic:
        topic = self._topics[name] = Topic(name, self._offer)
        topic.sections = LiveSections(what, self._site, self.token, topic.publish)
        topic.start(topic.sections.run())
        kind, parts = names.parse(name)
        if kind == "monitor":
            model, version = parts
            topic.windows = LiveWindows(
                model, version, self._site, self._url, self.token, topic.publish, topic.sections.changed
            )
            topic.start(topic.windows.run())
        if kind == "run":
            topic.training = LiveRun(parts[0], self._site, self._url, self.token, topic.sections.changed)
            topic.start(topic.training.run())
        _topics.set(len(self._topics))
        return topic

    def _offer(self, topic: str, frame: Frame) -> None:
        for browser in self._browsers:
            if topic in browser.topics:
                _frames.inc()
                browser.offer(topic, frame)

    def _heard(self, event: EventView) -> None:
        _events.inc()
        for topic in self._topics.values():
            if topic.sections:
                topic.sections.event(event)

    def _refresh_all(self) -> None:
        for topic in self._topics.values():
            if topic.sections:
                topic.sections.changed()

    def _state(self, browser: Browser) -> dict[str, object]:
        troubles = [
            self.feed.trouble,
            self._unready,
            *(t.trouble for n, t in self._topics.items() if n in browser.topics),
        ]
        reason = next((trouble for trouble in troubles if trouble), "")
        return {"live": not reason, "reason": reason}

    async def _follow_events(self) -> None:
        if not (self._open or self.token()):
            await self._somebody.wait()  # token mode: nobody has signed in yet
        await self.feed.run()

    async def _beat(self) -> None:
        """A sign of life every `BEAT` seconds, and at once when something went or came back."""
        said: dict[Browser, tuple[float, dict[str, object]]] = {}
        while True:
            await asyncio.sleep(NOTICE)
            now = asyncio.get_running_loop().time()
            said = {browser: said[browser] for browser in self._browsers if browser in said}
            for browser in self._browsers:
                state, (at, former) = self._state(browser), said.get(browser, (0.0, {}))
                if state != former or now - at >= BEAT:
                    browser.beat(state)
                    said[browser] = now, state

    async def _look(self) -> None:
        while True:
            unready = await self._site.gateway.not_ready() if self._browsers else ""
            if unready != self._unready:
                self._unready = unready
                for browser in self._browsers:
                    browser.beat(self._state(browser))
            await asyncio.sleep(LOOK_AGAIN if self._unready else LOOK)

    async def _end_abandoned(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LINGER / 6)
            watched = {topic for browser in self._browsers for topic in browser.topics}
            for name, topic in list(self._topics.items()):
                if name in watched:
                    topic.abandoned_at = None
                elif topic.abandoned_at is None:
                    topic.abandoned_at = loop.time()
                elif loop.time() - topic.abandoned_at > LINGER:
                    del self._topics[name]
                    await topic.stop()
            _topics.set(len(self._topics))

    async def _check_sessions(self) -> None:
        """A revoked token ends its browsers' live connections within seconds."""
        while not self._open:
            await asyncio.sleep(SESSION_CHECK)
            for token in {browser.token for browser in self._browsers}:
                if not await self.valid(token):
                    for browser in self._browsers:
                        if browser.token == token:
                            browser.close(4401)
        await asyncio.Event().wait()

    async def valid(self, token: str) -> bool:
        """Whether the gateway knows the token; when it can't be asked now, the benefit of the doubt."""
        try:
            viewer = await self._site.gateway.ask(ask.VIEWER, token)
        except Unauthenticated:
            return False
        except LifecycleError:
            return True
        return viewer.authenticated
