"""Colours and shapes: Mantine's theme, and the chart palette that reads on both backgrounds and for all eyes."""

from __future__ import annotations

from typing import Any

# Okabe & Ito, Color Universal Design (2008), in tones that keep 3:1 on white and on the dark background.
BLUE = "#0080c4"
ORANGE = "#d07c00"
GREEN = "#00966a"
VERMILLION = "#d55e00"
PURPLE = "#b5669a"
GREY = "#868e96"

BLUE_BAND = "rgba(0, 128, 196, 0.18)"
FONT = "InterVariable, system-ui, sans-serif"

# Mantine's ten dark shades, bluer, so that fields and menus belong to the panels they stand on.
_DARK = (
    "#d5d9dd", "#b3b9c0", "#8b929a", "#636a72", "#3f454c", "#343a41", "#272b30", "#1e2125", "#17191c", "#111315",
)  # fmt: skip

MANTINE: dict[str, Any] = {
    "colors": {"dark": list(_DARK)},
    "primaryColor": "indigo",
    "primaryShade": {"light": 7, "dark": 5},
    "fontFamily": FONT,
    "headings": {"fontFamily": FONT, "fontWeight": "650"},
    "defaultRadius": "md",
    "cursorType": "pointer",
    "autoContrast": True,
    "respectReducedMotion": True,
    "components": {
        "Card": {"defaultProps": {"withBorder": True, "padding": "lg", "radius": "lg"}},
        "Tooltip": {"defaultProps": {"openDelay": 250, "withArrow": True, "multiline": True, "maw": 320}},
        "Anchor": {"defaultProps": {"underline": "hover"}},
    },
}
