"""Which media type to answer in, by what the client accepts."""

from __future__ import annotations

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
HTML = "text/html"

_ANYTHING = {"*/*": JSON, "application/*": JSON, "text/*": EVENT_STREAM}


def chosen(accept: str | None, offered: tuple[str, ...] = (JSON, GRAPHQL, EVENT_STREAM)) -> str | None:
    """The offered type that `accept` likes best (of equals the first it names); None if it takes none of them.

    Without a preference it is plain JSON, as the GraphQL-over-HTTP specification asks for.
    """
    if not accept or not accept.strip():
        return JSON
    best: tuple[float, str] | None = None
    for entry in accept.split(","):
        name, *parameters = (part.strip().lower() for part in entry.split(";"))
        found = name if name in offered else _ANYTHING.get(name)
        quality = _quality(parameters)
        if found in offered and quality > 0 and (best is None or quality > best[0]):
            best = (quality, found)
    return best[1] if best else None


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0
