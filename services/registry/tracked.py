"""What is tracked, wired for other services: the files of runs and versions, with every request they answer."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from services.contracts.base import Request
from services.contracts.registry import artifacts
from services.registry.artifacts.browsing import Browsing
from services.registry.artifacts.handlers import Artifacts
from services.registry.models.versions import Versions
from services.registry.runs.handlers import Runs

Handler = Callable[[Any, Any], Coroutine[Any, Any, Any]]


class Tracked:
    def __init__(self, *, runs: Runs, versions: Versions, files: Artifacts) -> None:
        self._browsing = Browsing(files, runs, versions)

    def requests(self) -> dict[type[Request[Any]], Handler]:
        return {
            artifacts.ListArtifacts: self._browsing.page,
            artifacts.GetArtifact: self._browsing.get,
            artifacts.PreviewArtifact: self._browsing.preview,
        }
