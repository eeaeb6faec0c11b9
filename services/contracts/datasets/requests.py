"""What can be asked and changed of datasets."""

from __future__ import annotations

from services.contracts.base import Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.datasets.parts import Code, DatasetKey, Feature, Field, Origin, Split
from services.contracts.datasets.views import DatasetSummary, DatasetUse, DatasetVersionView
from services.contracts.paging import Page, Paging
from services.contracts.written import Written


class RegisterDataset(Request[DatasetVersionView], frozen=True, kw_only=True):
    """The version with this content digest. If it is known, what is new here is added to it (nothing is taken away)."""

    service = "registry"
    name = "dataset.register"

    dataset: str
    digest: str
    origin: Origin = "file"
    description: str = ""
    location: str = ""
    format: str = ""
    sha256: str = ""
    rows: int | None = None
    size: int | None = None
    columns: list[Field] = []
    parents: list[DatasetKey] = []
    sources: list[str] = []
    code: Code | None = None
    keys: list[str] = []
    target: str | None = None
    idempotency_key: str | None = None


class DescribeFeatures(Request[Written], frozen=True, kw_only=True):
    """Sets the whole list. `expected`: the version's revision that was seen."""

    service = "registry"
    name = "dataset.features"

    dataset: str
    digest: str
    features: list[Feature]
    target: str | None = None
    expected: int | None = None
    idempotency_key: str | None = None


class RecordSplits(Request[Written], frozen=True, kw_only=True):
    """Sets the splits of a version; each is a registered version itself. A seal can't be broken again."""

    service = "registry"
    name = "dataset.splits"

    dataset: str
    digest: str
    splits: list[Split]
    expected: int | None = None
    idempotency_key: str | None = None


class ListDatasets(Request[Page[DatasetSummary]], frozen=True, kw_only=True):
    """By name; `name_contains` ignores case. `source`: with a version from it."""

    service = "registry"
    name = "dataset.list"

    paging: Paging = Paging()
    name_contains: str | None = None
    source: str | None = None
    where: Condition | None = None
    order: list[Ordering] = []


class ListDatasetVersions(Request[Page[DatasetVersionView]], frozen=True, kw_only=True):
    """Newest first."""

    service = "registry"
    name = "dataset.versions"

    dataset: str
    paging: Paging = Paging()
    where: Condition | None = None
    order: list[Ordering] = []


class GetDatasetVersions(Request[list[DatasetVersionView | None]], frozen=True, kw_only=True):
    """One entry for each key, in order. At most 100. An empty digest means the newest; a number in it (`3`) the third
    version."""

    service = "registry"
    name = "dataset.get"

    keys: list[DatasetKey]


class ListDatasetUses(Request[Page[DatasetUse]], frozen=True, kw_only=True):
    """Newest first."""

    service = "registry"
    name = "dataset.uses"

    dataset: str
    digest: str
    paging: Paging = Paging()
    where: Condition | None = None
    order: list[Ordering] = []
