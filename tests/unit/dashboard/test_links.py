"""Addresses: every name survives the way into a URL and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.app import PAGES
from dashboard.links import Links, parse, query
from dashboard.pages.page import find
from dashboard.sessions import safe_target

NAMES = st.text(min_size=1).filter(lambda text: text.isprintable() and not any(0xD800 <= ord(c) < 0xE000 for c in text))


@given(name=NAMES, version=NAMES)
def test_any_model_name_finds_its_page_again(name: str, version: str) -> None:
    links = Links("/some/where/")
    found = find(PAGES, links.strip(links.monitored(name, version)))
    assert found is not None
    assert found[1] == {"model": name, "version": version}


@given(state=st.dictionaries(st.sampled_from(["range", "metric", "feature"]), NAMES))
def test_any_state_survives_the_address(state: dict[str, str]) -> None:
    assert parse(query(state)) == state


def test_empty_values_leave_the_address() -> None:
    assert query({"range": "", "metric": ""}) == ""


@pytest.mark.parametrize(
    "target", ["https://x.example/", "//x.example", "/\\x.example", "javascript:alert(1)", "", "/a\n"]
)
def test_a_sign_in_leads_nowhere_else(target: str) -> None:
    assert safe_target(target, Links()) == "/"


def test_a_sign_in_leads_back_to_our_own_page() -> None:
    assert safe_target("/models/x?range=30", Links()) == "/models/x?range=30"
    assert safe_target("/models/x", Links("/ml/")) == "/ml/"
