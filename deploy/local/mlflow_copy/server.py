"""One MLflow server, as copying needs it: pages, batches, files, and errors in words."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import httpx

from deploy.local.problems import Problem

API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
TRIES = 5
TIMEOUT = httpx.Timeout(120, connect=10)
REPEATED = {429, 500, 502, 503, 504}
ANY = "ALL"


class Refusal(Exception):
    """The server answered with an error; `code` is MLflow's word for it."""

    def __init__(self, url: str, status: int, code: str, message: str) -> None:
        super().__init__(f"{url} answered {status} {code}: {message}")
        self.status = status
        self.code = code


class CopyFailed(Problem):
    """Copying can't go on; what was copied stays, and the same command goes on from there."""


class MlflowServer:
    """A server at `url`; who asks is said by a token, or by the user and password in the environment."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    @classmethod
    @asynccontextmanager
    async def at(cls, url: str, token: str | None = None) -> AsyncIterator[MlflowServer]:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        user = os.environ.get("MLFLOW_TRACKING_USERNAME", "")
        auth = None if token or not user else (user, os.environ.get("MLFLOW_TRACKING_PASSWORD", ""))
        async with httpx.AsyncClient(base_url=url.rstrip("/"), headers=headers, auth=auth, timeout=TIMEOUT) as client:
            yield cls(client)

    @property
    def url(self) -> str:
        return str(self._client.base_url)

    async def check(self) -> None:
        """Raises CopyFailed unless it answers as MLflow does."""
        try:
            await self.post("experiments/search", max_results=1)
        except Refusal as refusal:
            raise CopyFailed(
                f"{self.url} doesn't answer as an MLflow server does: {refusal}", "Check the URI."
            ) from None

    async def get(self, path: str, /, **query: Any) -> dict[str, Any]:
        return await self._ask("GET", f"{API}/{path}", params={k: v for k, v in query.items() if v is not None})

    async def post(self, path: str, /, **body: Any) -> dict[str, Any]:
        return await self._ask("POST", f"{API}/{path}", json=body)

    async def patch(self, path: str, /, **body: Any) -> dict[str, Any]:
        return await self._ask("PATCH", f"{API}/{path}", json=body)

    async def delete(self, path: str, /, **body: Any) -> dict[str, Any]:
        return await self._ask("DELETE", f"{API}/{path}", json=body)

    async def pages(self, method: str, path: str, key: str, /, **wish: Any) -> AsyncIterator[dict[str, Any]]:
        """Every entry of every page of a listing."""
        token: str | None = None
        while True:
            more = {"page_token": token} if token else {}
            answer = await (self.get(path, **wish, **more) if method == "GET" else self.post(path, **wish, **more))
            for entry in answer.get(key, []):
                yield entry
            token = answer.get("next_page_token")
            if not token:
                return

    # ------------------------------------------------------------ files

    async def files(self, listing: str, wish: Mapping[str, str], parameter: str) -> AsyncIterator[tuple[str, int]]:
        """Path and size of every file below a run or logged model, however deep."""
        directories = [""]
        while directories:
            directory = directories.pop()
            query = {**wish, **({parameter: directory} if directory else {})}
            async for entry in self.pages("GET", listing, "files", **query):
                if entry.get("is_dir"):
                    directories.append(entry["path"])
                else:
                    yield entry["path"], int(entry.get("file_size", 0))

    async def content(self, path: str, query: Mapping[str, str]) -> AsyncIterator[bytes]:
        """A file, streamed; a transfer that breaks off raises."""
        async with self._client.stream("GET", path, params=dict(query)) as response:
            if response.status_code != 200:
                await response.aread()
                raise _refusal(self.url, response)
            async for chunk in response.aiter_bytes(1 << 20):
                yield chunk

    async def put(self, location: str, path: str, content: AsyncIterator[bytes]) -> None:
        """Stores a file below an artifact location that the server itself serves."""
        root = location.removeprefix("mlflow-artifacts:").lstrip("/")
        response = await self._client.put(f"{FILES}/{quote(root)}/{quote(path)}", content=content)
        if response.status_code >= 400:
            raise _refusal(self.url, response)

    # ------------------------------------------------------------ asking

    async def _ask(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        for attempt in range(TRIES):
            last = attempt == TRIES - 1
            try:
                response = await self._client.request(method, path, **content)
            except httpx.TransportError as error:
                if last:
                    raise CopyFailed(
                        f"{self.url} can't be reached: {error or type(error).__name__}.",
                        "Give the same command again when it can be: it goes on where it stopped.",
                    ) from None
            else:
                if response.status_code < 400:
                    answer: dict[str, Any] = response.json()
                    return answer
                if last or response.status_code not in REPEATED:
                    raise _refusal(self.url, response)
            await asyncio.sleep(0.2 * 2**attempt)
        raise AssertionError("the last attempt returned or raised")


def _refusal(url: str, response: httpx.Response) -> Refusal:
    try:
        body = response.json()
    except ValueError:
        body = {}
    body = body if isinstance(body, dict) else {}
    return Refusal(url, response.status_code, str(body.get("error_code", "")), str(body.get("message", ""))[:500])
