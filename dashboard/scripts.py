"""Which scripts a page gets: only those that browsers and this product need, the big ones where they are used.

Dash 4.4.1 gives every page all of them. Left out: babel's polyfill (of which only the generators' runtime is needed)
and the old table. `assets/lazy.js` loads AG Grid, and of plotly.js the cartesian part, when they are needed.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any
from urllib.parse import urlencode

from dash import Dash

FIRST = "_dash-first"
PLOTLY = "vendor/plotly-cartesian-4.1.1.min.js"  # of npm's plotly.js-cartesian-dist-min, as it is
REGENERATOR = "vendor/regenerator-runtime-0.14.1.min.js"

_TAG = re.compile(r'<script src="([^"]+)"></script>\n?\s*')
_STYLE = re.compile(r'<link rel="stylesheet" href="([^"]+)">')
_LEFT_OUT = ("/deps/polyfill@", "/dash_table/")
_GRID = "/dash_ag_grid/"
_GRAPH = "_dash-component-suites/dash/dcc/async-graph.js"


class LeanDash(Dash):
    """Knows the address of a page's grid script, and the id of the page load that was given out last."""

    grid_script = ""
    newest_load = ""

    @property
    def graph_script(self) -> str:
        """The part of Dash's own components that draws charts."""
        return f"{self.config.requests_pathname_prefix}{_GRAPH}"

    def _generate_scripts_html(self) -> str:
        html = super()._generate_scripts_html()

        def kept(tag: re.Match[str]) -> str:
            if _GRID in tag[1]:
                self.grid_script = tag[1]
                return ""
            return "" if any(one in tag[1] for one in _LEFT_OUT) else tag[0]

        return f'<script src="{self.get_asset_url(REGENERATOR)}"></script>\n' + _TAG.sub(kept, html)

    def _config(self) -> dict[str, Any]:
        config: dict[str, Any] = super()._config()  # type: ignore[no-untyped-call]
        self.newest_load = config["end_id"]
        return {
            **config,
            "lazy": {"plotly": self.get_asset_url(PLOTLY), "grid": self.grid_script, "graph": self.graph_script},
        }

    def files(self) -> list[str]:
        """Addresses of the scripts and styles of all pages; to be asked for once the app stands."""
        scripts = _TAG.findall(self._generate_scripts_html())
        untyped: Any = self
        styles = _STYLE.findall(untyped._generate_css_dist_html())
        later = [self.get_asset_url(PLOTLY), self.graph_script, self.grid_script]
        return [*styles, *scripts, *(address for address in later if address)]

    def early(self, at: str, *, charts: bool, grid: bool) -> str:
        """What a page's head asks for before anything else has run; `at`: its path and query string."""
        prefix = self.config.requests_pathname_prefix
        scripts = [self.get_asset_url(PLOTLY), self.graph_script] * charts + [self.grid_script] * grid
        asked = escape(f"{prefix}{FIRST}?{urlencode({'load': self.newest_load, 'at': at})}")
        links = [
            f'<link rel="preload" href="{asked}" as="fetch" crossorigin id="first" data-at="{escape(at)}">',
            f'<link rel="preload" href="{prefix}_dash-dependencies" as="fetch" crossorigin>',
        ]
        links += [f'<link rel="preload" href="{src}" as="script">' for src in scripts if src]
        return "\n    ".join(links)
