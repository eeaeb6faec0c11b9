"""Paths on the registry's own machine."""

from __future__ import annotations

import posixpath
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit


def resolved(location: str) -> str:
    """A local path made absolute, as MLflow's server does: clients start in different directories."""
    parts = urlsplit(location)
    if parts.scheme not in ("", "file") or parts.netloc or not parts.path or parts.path.startswith("/"):
        return location
    path = posixpath.join(Path.cwd().as_posix(), parts.path)
    return urlunsplit(parts._replace(path=path)) if parts.scheme else path
