"""The address of every page: the one place that knows the URLs and the path prefix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode


@dataclass(frozen=True, slots=True)
class Links:
    """`prefix` begins and ends with a slash."""

    prefix: str = "/"

    def overview(self) -> str:
        return self.prefix

    def models(self) -> str:
        return f"{self.prefix}models"

    def model(self, name: str) -> str:
        return f"{self.prefix}models/{_part(name)}"

    def monitoring(self) -> str:
        return f"{self.prefix}monitoring"

    def monitored(self, model: str, version: str, **state: str) -> str:
        return f"{self.prefix}monitoring/{_part(model)}/{_part(version)}{query(state)}"

    def runs(self, **state: str) -> str:
        return f"{self.prefix}runs{query(state)}"

    def run(self, run_id: str) -> str:
        return f"{self.prefix}runs/{_part(run_id)}"

    def sign_in(self) -> str:
        return f"{self.prefix}sign-in"

    def sign_out(self) -> str:
        return f"{self.prefix}sign-out"

    def strip(self, pathname: str) -> str:
        """The path inside the dashboard, without prefix and without slashes at its ends."""
        inner = pathname.removeprefix(self.prefix.rstrip("/")) if self.prefix != "/" else pathname
        return inner.strip("/")


def _part(text: str) -> str:
    """One path part that stands for any text: slashes and dots-only names survive a round trip."""
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")


def query(state: Mapping[str, str]) -> str:
    """`?a=1&b=2`, or nothing; empty values are left out."""
    kept = {key: value for key, value in state.items() if value}
    return "?" + urlencode(kept) if kept else ""


def parse(search: str | None) -> dict[str, str]:
    """The state that a page's query string holds; the first of repeated keys counts."""
    state: dict[str, str] = {}
    for key, value in parse_qsl((search or "").removeprefix("?")):
        state.setdefault(key, value)
    return state
