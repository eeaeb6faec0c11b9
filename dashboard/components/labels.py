"""The note, tags and aliases of a run or a version, each changed where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash import html

from dashboard.components.acting import act
from dashboard.components.basics import card, clipped
from dashboard.gateway.views import KeyValue
from dashboard.site import Component

_OWN = "mlflow."  # tags that MLflow writes for itself
_SHOWN = 15  # tags
_LONGEST_SENT = 2000  # characters of a value that travels with a button


def labels_card(
    kind: str, held: Mapping[str, str], note: str, tags: Sequence[KeyValue], aliases: Sequence[str] = ()
) -> Component:
    """`kind`: run or version; `held`: the ids that its actions take."""
    shown = [tag for tag in tags if not tag.key.startswith(_OWN)]
    values = {tag.key: tag.value[:_LONGEST_SENT] for tag in shown}
    chips = [
        _chip(
            html.Span(["@", html.Span(clipped(alias, 60))]),
            "alias",
            act("model.unalias", "×", {**held, "alias": alias}, look="chip-remove", spoken=f"Remove @{alias}…"),
        )
        for alias in aliases
    ]
    more = len(shown) - _SHOWN
    chips += [
        _chip(
            html.Span([html.Span(clipped(tag.key, 60), className="dimmed"), " ", clipped(tag.value, 120)]),
            "",
            act(
                f"{kind}.untag",
                "×",
                {**held, "tag": tag.key, "value": values[tag.key]},
                look="chip-remove",
                spoken=f"Remove {clipped(tag.key, 60)}…",
            ),
        )
        for tag in shown[:_SHOWN]
    ]
    chips += [html.Span(f"and {more:,} more tags", className="sub")] if more > 0 else []
    buttons = [
        act(f"{kind}.describe", "Write the note…", {**held, "known": note[:_LONGEST_SENT]}, look="small"),
        act(f"{kind}.tag", "Tag…", {**held, "tags": values}, icon_name="tag", look="small"),
    ]
    return card(
        "Note and tags",
        html.Div(
            [
                html.P(clipped(note, 4000), className="answer")
                if note
                else html.P("No note yet.", className="card-hint"),
                html.Div(chips, className="badges spaced") if chips else None,
            ]
        ),
        aside=html.Div(buttons, className="buttons"),
    )


def _chip(text: Component, tone: str, remove: Component) -> Component:
    return html.Span([text, remove], className=f"badge chip {tone}")
