"""Files of a run or a version: a tree at the left, what can be shown of the chosen file at the right.

Which one is chosen stands in the page's address as `at`; the directories on the way to it are open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update

from dashboard import formats
from dashboard.components.basics import badge, card, clipped, facts, icon, moment, wild
from dashboard.components.states import empty, failed
from dashboard.gateway import operations as ask
from dashboard.gateway.file_views import File, FileRow, FileRows, Preview
from dashboard.links import Links, parse, query
from dashboard.site import Component, Site, Visit, visitor_token
from services.contracts.errors import LifecycleError, Rejected, Unauthenticated

AT = "at"
_ENTRIES = 100  # of one directory
_DEEPEST = 12  # directories that are open at once
_LONGEST_PATH = 1000
_CELL = 60  # characters
_DIGEST = 12

Owner = Mapping[str, str]
"""`run` with its id, or `model` and `version`."""


def files_card(owner: Owner, content: Component) -> Component:
    hint = "What was logged with it. Nothing in a file is executed or rendered."
    body = html.Div([dcc.Store(id="files-owner", data=dict(owner)), html.Div(content, id="files")])
    return card("Files", body, hint=hint)


async def files(site: Site, visit: Visit, owner: Owner) -> Component:
    """Tree and preview for what the address says."""
    path = visit.state.get(AT, "").strip("/")[:_LONGEST_PATH]
    parts = path.split("/")[:_DEEPEST] if path else []
    above = ["/".join(parts[:depth]) for depth in range(len(parts))]
    try:
        chosen, listings = await asyncio.gather(
            _file(visit, owner, path), asyncio.gather(*(_listing(visit, owner, one) for one in above or [""]))
        )
        levels = dict(zip(above or [""], listings, strict=True))
        if chosen and chosen.is_directory:
            levels[path] = await _listing(visit, owner, path)
    except Unauthenticated:
        raise
    except Rejected as error:
        return empty("These files can't be shown here", error.message, icon_name="plug-off")
    except LifecycleError as error:
        return failed(error)
    if not levels[""].nodes:
        hint = "Log some with mlflow.log_artifact or mlflow.log_figure; they appear here."
        return empty("No files", hint, icon_name="inbox")
    tree = html.Nav(
        _entries(levels, "", path, site.links, owner), className="files-tree", **wild({"aria-label": "Files"})
    )
    return html.Div([tree, html.Div(_shown(chosen, path, owner), className="files-shown")], className="files")


async def _listing(visit: Visit, owner: Owner, path: str) -> FileRows:
    asked = {"path": path or None, "first": _ENTRIES}
    if "run" in owner:
        found = await visit.ask(ask.RUN_FILES, id=owner["run"], **asked)
    else:
        found = await visit.ask(ask.VERSION_FILES, model=owner["model"], version=owner["version"], **asked)
    return (found.artifacts if found else None) or FileRows()


async def _file(visit: Visit, owner: Owner, path: str) -> File | None:
    if not path:
        return None
    if "run" in owner:
        found = await visit.ask(ask.RUN_FILE, id=owner["run"], path=path)
    else:
        found = await visit.ask(ask.VERSION_FILE, model=owner["model"], version=owner["version"], path=path)
    return found.artifact if found else None


def _entries(levels: Mapping[str, FileRows], directory: str, path: str, links: Links, owner: Owner) -> Component:
    level = levels[directory]
    items = [_entry(levels, one, path, links, owner) for one in level.nodes]
    if level.page_info.has_next_page:
        items.append(html.Li(f"Only the first {_ENTRIES} are listed.", className="sub"))
    return html.Ul(items)


def _entry(levels: Mapping[str, FileRows], one: FileRow, path: str, links: Links, owner: Owner) -> Component:
    opened = one.path in levels
    chosen = one.path == path
    spoken = {"data-inside": ""}
    if one.is_directory:
        spoken["aria-expanded"] = "true" if opened else "false"
    if chosen:
        spoken["aria-current"] = "true"
    # A directory that is open closes: its address is the one above.
    target = one.path.rpartition("/")[0] if one.is_directory and chosen else one.path
    name = [
        icon(("folder-open" if opened else "folder") if one.is_directory else "file"),
        html.Span(clipped(one.name, 120), className="file-name"),
        html.Span(formats.size(one.size), className="file-size") if one.size is not None else None,
    ]
    entry = html.A(name, href=_page(links, owner) + query({AT: target}), className="file", **wild(spoken))
    below = _entries(levels, one.path, path, links, owner) if one.is_directory and opened else None
    return html.Li([entry, below], key=one.path)


def _page(links: Links, owner: Owner) -> str:
    return links.run(owner["run"]) if "run" in owner else links.version(owner["model"], owner["version"])


def _shown(chosen: File | None, path: str, owner: Owner) -> Component:
    if chosen is None and path:
        return empty("There is no such file", clipped(path, 200), icon_name="search")
    if chosen is None or chosen.is_directory:
        return empty("Choose a file", "Text, tables and images are shown here.", icon_name="file")
    preview = chosen.preview
    return html.Div(
        [
            html.Div(
                [
                    html.Code(clipped(chosen.path, 300), className="strong"),
                    badge(formats.size(chosen.size)),
                    badge(preview.media_type if preview else chosen.media_type or "unknown"),
                ],
                className="badges",
            ),
            _preview(preview, chosen) if preview else None,
            html.Details(
                [html.Summary("Where it is"), facts(_origin(chosen, owner))], className="details", key=chosen.path
            ),
        ]
    )


def _preview(preview: Preview, file: File) -> Component:
    label = wild({"aria-label": f"Content of {clipped(file.name, 80)}"})
    match preview.kind:
        case "IMAGE" if preview.bytes_base64:
            source = f"data:{preview.media_type};base64,{preview.bytes_base64}"
            return html.Img(src=source, alt=clipped(file.name, 120), className="file-image")
        case "TABLE" if preview.columns:
            body: Component = html.Div(
                _table(preview), className="table-scroll file-table", tabIndex="0", role="region", **label
            )
        case "TEXT" | "JSON" | "TABLE" if preview.text is not None:
            if not preview.text:
                return empty("It is empty", "The file has no content.", icon_name="file")
            body = html.Pre(preview.text, className="file-text", tabIndex="0", role="region", **label)
        case _:
            return empty("Not shown", preview.refusal or "It can't be shown here.", icon_name="eye")
    more = f"Only the beginning is shown, of {formats.size(preview.size)}." if preview.truncated else ""
    return html.Div([body, html.P(more, className="card-hint") if more else None])


def _table(preview: Preview) -> Component:
    head = html.Thead(html.Tr([html.Th(clipped(name, _CELL), scope="col") for name in preview.columns or []]))
    rows = [
        html.Tr([html.Td(clipped(value, _CELL), title=clipped(value) if len(value) > _CELL else "") for value in row])
        for row in preview.rows or []
    ]
    return html.Table([head, html.Tbody(rows)], className="table compact")


def _origin(file: File, owner: Owner) -> list[tuple[str, Any]]:
    source = f"runs:/{owner['run']}" if "run" in owner else f"models:/{owner['model']}/{owner['version']}"
    command = f"mlflow.artifacts.download_artifacts({f'{source}/{file.path}'!r})"
    pairs: list[tuple[str, Any]] = [("Download it with", html.Code(clipped(command, 400)))]
    if file.stored_at:
        pairs.append(("Stored", moment(file.stored_at)))
    if file.sha256:
        pairs.append(("SHA-256", html.Code(file.sha256[:_DIGEST] + "…", title=file.sha256)))
    return pairs


def register(app: Dash, site: Site) -> None:
    @app.callback(
        Output("files", "children"),
        Input("url", "search"),
        State("files-owner", "data"),
        State("url", "pathname"),
        prevent_initial_call=True,
    )
    async def chose(search: str, owner: dict[str, str] | None, pathname: str) -> Any:
        if not owner or pathname != _page(site.links, owner):
            return no_update  # on the way to another page
        return await files(site, site.visit({}, parse(search), visitor_token()), owner)
