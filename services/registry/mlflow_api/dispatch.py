"""Finds an address's endpoint by one look-up: a list of four hundred routes would be walked for every request."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.contracts.errors import MethodNotAllowed
from services.registry.mlflow_api.surface import Endpoint, Surface, serving

Serve = Callable[[Request], Awaitable[Response]]
_SLASHES = re.compile("/{2,}")
_PARAMETER = re.compile(r"{(\w+)(:path)?}")


async def _other_method(surface: Surface, request: Request) -> None:
    raise MethodNotAllowed("this address doesn't take that method")


class Dispatcher:
    """An ASGI app. Addresses without parameters are found in a dictionary; the few with some are tried in order."""

    def __init__(self, surface: Surface, unknown: Endpoint) -> None:
        self._surface = surface
        self._unknown = serving(unknown, surface)
        self._other_method = serving(_other_method, surface)
        self._paths: set[str] = set()
        self._plain: dict[tuple[str, str], Serve] = {}
        self._patterns: list[tuple[str, re.Pattern[str], str, Serve]] = []
        self._below: list[tuple[str, Serve]] = []

    def add(self, method: str, path: str, endpoint: Endpoint) -> None:
        """`path` may hold `{name}` for one part of the address and `{name:path}` for all the rest of it."""
        serve = serving(endpoint, self._surface)
        if "{" not in path:
            self._plain[(method, path)] = serve
            self._paths.add(path)
            return
        pattern = _PARAMETER.sub(lambda found: f"(?P<{found[1]}>{'.*' if found[2] else '[^/]+'})", path)
        self._patterns.append((method, re.compile(pattern, re.DOTALL), path, serve))

    def add_below(self, path: str, endpoint: Endpoint) -> None:
        """Every method, at `path` and below it."""
        self._below.append((path, serving(endpoint, self._surface)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        serve, route, parameters = self._found(scope["method"], scope["path"])
        scope["route"] = SimpleNamespace(path=route)  # the label of the request metrics
        scope["path_params"] = parameters
        response = await serve(Request(scope, receive, send))
        await response(scope, receive, send)

    def _found(self, method: str, path: str) -> tuple[Serve, str, dict[str, str]]:
        asked = "GET" if method == "HEAD" else method
        plain = self._plain.get((asked, path))
        if plain is not None:
            return plain, path, {}
        for known, pattern, route, serve in self._patterns:
            if known == asked and (match := pattern.fullmatch(path)):
                return serve, route, match.groupdict()
        for start, serve in self._below:
            if path == start or path.startswith(f"{start}/"):
                return serve, start, {}
        if path in self._paths or any(pattern.fullmatch(path) for _, pattern, _, _ in self._patterns):
            return self._other_method, "unmatched", {}
        if "//" in path:  # clients write http://host/ + /path
            return self._found(method, _SLASHES.sub("/", path))
        return self._unknown, "unmatched", {}
