"""What waits for one person, and what the palette finds: plain rules over the gateway's answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from dashboard import mine, palette
from dashboard.components.palette import KEYS, Entry
from dashboard.components.shell import AREAS
from dashboard.gateway.client import GatewayClient
from dashboard.gateway.found_views import Found, FoundModel, FoundVersion, Nodes
from dashboard.gateway.production_views import Author, GateName, GateOutcome, GateRow
from dashboard.gateway.project_views import Review
from dashboard.gateway.views import EventView
from dashboard.links import Links
from dashboard.palette import Words
from dashboard.site import Site
from services.contracts.errors import Unavailable

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def said(insight: str, actor: str, mentions: Any) -> EventView:
    return EventView(
        id=f"{insight}-{actor}",
        type="registry.insight.commented.v1",
        service="registry",
        aggregate="insight",
        aggregate_id=insight,
        time=NOW,
        actor=actor,
        summary="",
        data={"text": "look at this", "mentions": mentions},
    )


def test_mentions_are_of_others_the_newest_of_each_insight() -> None:
    events = [said("i1", "bela", ["anna"]), said("i1", "dora", ["anna"]), said("i2", "anna", ["anna"])]
    events += [said("i3", "bela", None), said("i4", "bela", ["annabel"])]
    assert [(one.thing, one.title) for one in mine.of_events(events, "anna")] == [("i1", "bela mentions you")]


def judged(version: str, author: str, *, passed: bool = False, current: bool = True) -> GateRow:
    verdicts = [GateOutcome(gate=GateName(name="meets_minimum"), outcome="PASSED" if passed else "FAILED")]
    made = Author(user=author)
    return GateRow(
        model="m", version=version, passed=passed, current=current, at=NOW, model_version=made, verdicts=verdicts
    )


def test_only_the_newest_judgement_of_ones_own_versions_counts() -> None:
    results = [
        judged("1", "anna", passed=True),
        judged("1", "anna"),
        judged("2", "anna"),
        judged("3", "bela"),
        judged("4", "anna", current=False),
    ]
    found = mine.of_gates(results, "anna")
    assert [(one.version, one.detail) for one in found] == [("2", "meets_minimum")]


def test_whoever_was_asked_by_name_comes_first() -> None:
    def asked(version: str, reviewers: list[str]) -> Review:
        return Review(
            model="m",
            version=version,
            state="OPEN",
            digest="d",
            round=1,
            reviewers=reviewers,
            requested_by="bela",
            requested_at=NOW,
            updated_at=NOW,
        )

    found = mine.of_reviews([asked("1", []), asked("2", ["anna"])])
    assert [(one.version, one.detail) for one in found] == [
        ("2", "bela asked you"),
        ("1", "bela asked whoever may review"),
    ]


def test_words_with_a_number_also_ask_for_a_version() -> None:
    assert Words.of("  flight   delay v3 ") == Words("flight delay v3", "flight delay", "3")
    assert Words.of("flight@12").version == "12"
    assert Words.of(None) == Words("", "", "")
    found = Found(models=Nodes(nodes=[FoundModel(name="flight", latest_version=FoundVersion(version="4"))]))
    hrefs = [entry.href for entry in palette.things(Words.of("flight 3"), found, Links())]
    assert hrefs == ["/models/flight/3"]
    assert [entry.href for entry in palette.things(Words.of("flight 9"), found, Links())] == []


def test_what_is_called_exactly_so_comes_first_and_each_page_once() -> None:
    entries = [Entry("models of old", "x", "/1", ""), Entry("Models", "page", "/2", ""), Entry("models", "x", "/1", "")]
    assert [entry.href for entry in palette.ranked(entries, Words.of("models"))] == ["/2", "/1"]


async def test_pages_are_found_while_the_gateway_is_away() -> None:
    class Away:
        async def ask(self, *_: Any, **__: Any) -> Any:
            raise Unavailable("The gateway can't be reached.")

    entries, trouble = await palette.found(Site(cast(GatewayClient, Away()), Links("/ml/")), "sett", "")
    assert entries[0] == Entry("Settings", "page", "/ml/settings", "settings")
    assert "can't be reached" in trouble


def test_every_area_has_a_key_of_its_own() -> None:
    assert set(KEYS) == {name for name, _, _ in AREAS}
    assert len(set(KEYS.values())) == len(KEYS)
