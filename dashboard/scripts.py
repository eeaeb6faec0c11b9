"""Which scripts a page gets: only those that browsers and this product need, the big ones where they are used.

Dash 4.4.1 gives every page all of them. Left out: babel's polyfill (of which only the generators' runtime is needed)
and the old table. `assets/lazy.js` loads AG Grid, and of plotly.js the cartesian part, when they are needed.
"""

from __future__ import annotations

import re
from typing import Any

from dash import Dash

PLOTLY = "vendor/plotly-cartesian-4.1.1.min.js"  # of npm's plotly.js-cartesian-dist-min, as it is
REGENERATOR = "vendor/regenerator-runtime-0.14.1.min.js"

_TAG = re.compile(r'<script src="([^"]+)"></script>\n?\s*')
_LEFT_OUT = ("/deps/polyfill@", "/dash_table/")
_GRID = "/dash_ag_grid/"


class LeanDash(Dash):
    """Knows the address of a page's grid script, and the id of the page load that was given out last."""

    grid_script = ""
    newest_load = ""

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
        return {**config, "lazy": {"plotly": self.get_asset_url(PLOTLY), "grid": self.grid_script}}

    def early(self, *, charts: bool, grid: bool) -> str:
        """What a page's head asks for before anything else has run."""
        prefix = self.config.requests_pathname_prefix
        fetched = [f"{prefix}_dash-layout", f"{prefix}_dash-dependencies"]
        scripts = [self.get_asset_url(PLOTLY)] * charts + [self.grid_script] * grid
        links = [f'<link rel="preload" href="{href}" as="fetch" crossorigin>' for href in fetched]
        links += [f'<link rel="preload" href="{src}" as="script">' for src in scripts if src]
        return "\n    ".join(links)
