"""Files that lie in the registry, fetched for whoever asks: a run's file, an artifact, or where a dataset lies."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote

import httpx

from services.contracts.datasets import DatasetKey, GetDatasetVersions
from services.contracts.errors import Forbidden, Invalid, NotFound, TooLarge, Unavailable
from services.monitor.batches.tables import ARROW, CSV, PARQUET
from services.runtime.bus import Bus
from services.runtime.context import Context

TIMEOUT_SECONDS: Final = 30.0
KINDS: Final = {".parquet": PARQUET, ".csv": CSV, ".arrow": ARROW, ".arrows": ARROW}
"""By the end of a file's name."""

_RUN = re.compile(r"runs:/+([^/]+)/(.+)")
_ARTIFACT = re.compile(r"mlflow-artifacts:/+(?:[^/]*:\d+/+)?(.+)")


def address_of(location: str) -> tuple[str, dict[str, str]]:
    """Path and query below the registry's address. Raises Invalid for a place that isn't in the registry."""
    run = _RUN.fullmatch(location)
    if run is not None:
        return "/get-artifact", {"run_id": run[1], "path": run[2]}
    artifact = _ARTIFACT.fullmatch(location)
    if artifact is not None:
        return f"/api/2.0/mlflow-artifacts/artifacts/{quote(artifact[1])}", {}
    raise Invalid(
        f"{location!r} doesn't lie in the registry",
        code="BAD_LOCATION",
        field="artifact",
        fix="Write runs:/RUN_ID/path or mlflow-artifacts:/path; send files that lie elsewhere as the body.",
    )


def kind_of(location: str) -> str:
    """The media type by the file's name. Raises Invalid."""
    kind = KINDS.get(PurePosixPath(location).suffix.lower())
    if kind is None:
        raise Invalid(
            f"{location!r} isn't known by its name",
            code="UNSUPPORTED_MEDIA_TYPE",
            field="artifact",
            fix=f"Its name ends with one of: {', '.join(KINDS)}.",
        )
    return kind


class RegistryFiles:
    """`url`: the registry's address; empty where it isn't known. What the caller may not read stays unread: the
    caller's own credentials go along."""

    def __init__(self, bus: Bus, url: str, most_bytes: int) -> None:
        self._bus = bus
        self._url = url.rstrip("/")
        self._most = most_bytes

    async def location_of(self, dataset: str, digest: str, context: Context) -> str:
        """Where a version of a dataset lies; an empty digest: the newest. Raises NotFound."""
        question = GetDatasetVersions(keys=[DatasetKey(dataset=dataset, digest=digest)])
        [version] = await self._bus.request(question, context)
        if version is None:
            raise NotFound(f"there is no dataset {dataset!r} {digest}".rstrip(), code="NO_DATASET", field="dataset")
        if not version.location:
            raise NotFound(
                f"nobody has said where {dataset!r} lies",
                code="NO_LOCATION",
                field="dataset",
                fix="Log it to a run and name the file by artifact=runs:/RUN_ID/path, or send it as the body.",
            )
        return version.location

    async def fetch(self, location: str, authorization: str | None) -> tuple[bytes, str]:
        """The bytes and their media type. Raises Invalid, NotFound, Forbidden, TooLarge or Unavailable."""
        path, query = address_of(location)
        kind = kind_of(location)
        if not self._url:
            raise Unavailable("the registry's address isn't known here", code="NO_REGISTRY", fix="Set REGISTRY_URL.")
        headers = {"authorization": authorization} if authorization else {}
        body = bytearray()
        try:
            async with (
                httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client,
                client.stream("GET", self._url + path, params=query, headers=headers) as answer,
            ):
                _check(answer.status_code, location)
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > self._most:
                        raise TooLarge(f"{location!r} is larger than {self._most} bytes", field="artifact")
        except httpx.HTTPError as error:
            raise Unavailable(f"the registry can't be asked: {error}", code="NO_REGISTRY") from error
        return bytes(body), kind


def _check(status: int, location: str) -> None:
    if status in (401, 403):
        raise Forbidden(f"the registry doesn't show {location!r} to this caller", field="artifact")
    if 400 <= status < 500:
        raise NotFound(f"the registry has no {location!r}", code="NO_ARTIFACT", field="artifact")
    if status != 200:
        raise Unavailable(f"the registry answered {status}", code="NO_REGISTRY")
