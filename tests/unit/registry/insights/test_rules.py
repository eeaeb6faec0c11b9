"""What a note is and who may change it."""

import pytest

from services.contracts.errors import Conflict, Forbidden, Invalid, NotAllowedNow, TooLarge
from services.contracts.insights import MAX_TEXT_BYTES, Link
from services.registry.insights import rules
from services.registry.insights.rules import Insight

RUN = Link(kind="run", id="r1")


def note(text: str = "Delays follow *visibility*.", title: str = "Fog") -> Insight:
    return rules.written("i1", title, text, [RUN, RUN], 1, "anna")[0]


def again(insight: Insight, who: str = "anna", *, may_all: bool = False, expected: int | None = None) -> Insight:
    return rules.rewritten(insight, "T", "x", [], 2, who, may_all=may_all, expected=expected)[0]


def test_two_hundred_kilobytes_are_fine_and_two_megabytes_arent() -> None:
    assert len(note("word " * 40_000).text) == 200_000
    for long in ("x" * 2_000_000, "ä" * (MAX_TEXT_BYTES // 2 + 1)):
        with pytest.raises(TooLarge):
            note(long)


def test_an_event_holds_the_beginning_only() -> None:
    event = rules.written("i1", "T", "x" * 100_000, [RUN], 1, "anna")[1]
    assert len(event.excerpt) == rules.EXCERPT_LENGTH


def test_markdown_and_markup_stay_as_they_were_written() -> None:
    text = "<script>alert(1)</script> **bold** [x](javascript:alert(1))\n"
    assert rules.view(note(text)).text == text


def test_links_are_kept_once_and_an_empty_note_is_refused() -> None:
    assert note().keys == ["run/r1"]
    for text, title in (("  ", "T"), ("x", " ")):
        with pytest.raises(Invalid):
            note(text, title)


def test_only_the_author_or_an_administrator_rewrites_and_removes() -> None:
    with pytest.raises(Forbidden):
        again(note(), "ben")
    with pytest.raises(Forbidden):
        rules.removed(note(), "mine now", "ben", may_all=False)
    assert again(note(), "ben", may_all=True).revision == 2
    assert rules.removed(note(), "wrong", "anna", may_all=False)[0].removed


def test_an_edit_of_something_that_changed_meanwhile_is_refused() -> None:
    with pytest.raises(Conflict):
        again(again(note()), expected=1)
    assert again(again(note()), expected=2).revision == 3


def test_nothing_is_done_to_a_removed_note() -> None:
    gone = rules.removed(note(), "wrong", "anna", may_all=False)[0]
    with pytest.raises(NotAllowedNow):
        rules.commented(gone, "c", "why?", 3, "ben")
    with pytest.raises(NotAllowedNow):
        again(gone)


def test_mentions_are_names_after_an_at_sign() -> None:
    assert rules.mentions("@ben, see a@b.com (@cleo.x). @ben @@no !@dan-") == ["ben", "cleo.x", "dan"]
