"""Paths on the registry's own machine."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit


def resolved(location: str) -> str:
    """A local path made absolute, as MLflow's server does: clients start in different directories."""
    parts = urlsplit(location)
    if not location or parts.scheme not in ("", "file") or parts.netloc:
        return location
    path = parts.path if parts.scheme else location
    if not path or path.startswith("/"):
        return location
    absolute = (Path.cwd() / path).as_posix()
    return urlunsplit(parts._replace(path=absolute)) if parts.scheme else absolute
