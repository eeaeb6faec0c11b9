"""What a page is, and how a path finds its page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from dashboard.site import Component, Site, Visit


@dataclass(frozen=True, slots=True)
class Page:
    """`pattern`: path parts, `<name>` for a variable one. `topics`: what an open browser follows live.

    `by_state`: drawn again whenever the query string of its address changes. `charts`, `grid`: what is loaded early.
    """

    pattern: str
    title: Callable[[Mapping[str, str]], str]
    render: Callable[[Site, Visit], Awaitable[Component]]
    topics: Callable[[Mapping[str, str]], list[str]] = lambda parts: []
    area: str = ""
    by_state: bool = False
    charts: bool = False
    grid: bool = False

    def match(self, path: str) -> dict[str, str] | None:
        """The variable parts of `path` (inside the dashboard, still percent-encoded); None if it's another page's."""
        expected = self.pattern.split("/") if self.pattern else []
        given = path.split("/") if path else []
        if len(expected) != len(given):
            return None
        parts: dict[str, str] = {}
        for wanted, part in zip(expected, given, strict=True):
            if wanted.startswith("<"):
                parts[wanted[1:-1]] = unquote(part)
            elif wanted != part:
                return None
        return parts


def find(pages: Sequence[Page], path: str) -> tuple[Page, dict[str, str]] | None:
    for page in pages:
        parts = page.match(path)
        if parts is not None:
            return page, parts
    return None
