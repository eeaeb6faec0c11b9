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
    here = Path.cwd().as_posix()
    if not parts.scheme:
        return posixpath.join(here, location)
    return urlunsplit(parts._replace(path=posixpath.join(here, parts.path)))
