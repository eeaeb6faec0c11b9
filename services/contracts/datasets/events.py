"""What happens to datasets: events and live updates."""

from __future__ import annotations

from typing import Literal

from services.contracts.base import Event, LiveUpdate
from services.contracts.datasets.parts import DatasetKey, Origin, Split


class DatasetVersionRegistered(Event, frozen=True, kw_only=True):
    """`number` counts the versions of one dataset from 1; `columns` is how many there are (None: not known)."""

    service = "registry"
    aggregate = "dataset_version"
    name = "registered"
    key = ("dataset", "digest")

    dataset: str
    digest: str
    number: int
    origin: Origin
    rows: int | None = None
    columns: int | None = None
    size: int | None = None
    parents: list[DatasetKey] = []
    sources: list[str] = []
    code_version: str = ""
    run_id: str | None = None
    by: str


class FeaturesDescribed(Event, frozen=True, kw_only=True):
    """`not_at_inference` names features that a model learns from but won't have when it is asked."""

    service = "registry"
    aggregate = "dataset_version"
    name = "features_described"
    key = ("dataset", "digest")

    dataset: str
    digest: str
    features: int
    with_origin: int
    not_at_inference: list[str] = []
    dropped: list[str] = []
    target: str | None = None


class SplitsRecorded(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "dataset_version"
    name = "splits_recorded"
    key = ("dataset", "digest")

    dataset: str
    digest: str
    splits: list[Split]


class SealedSplitUsed(Event, frozen=True, kw_only=True):
    """About the split itself. `uses` counts the runs that have used it since it was sealed; more than one is a
    warning."""

    service = "registry"
    aggregate = "dataset_version"
    name = "sealed_used"
    key = ("dataset", "digest")

    dataset: str
    digest: str
    run_id: str
    context: str | None = None
    uses: int


class DatasetUploadMoved(LiveUpdate, frozen=True, kw_only=True):
    """How far an upload is. `size` in bytes (None: the client didn't say), `rows` profiled so far."""

    service = "registry"
    name = "dataset_upload"
    key = ("upload_id",)

    upload_id: str
    dataset: str
    phase: Literal["receiving", "profiling", "done", "failed"]
    received: int
    size: int | None
    rows: int
    problem: str = ""
