"""Datasets: where data come from, their versions by content, features and splits."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.contracts.base import Event, LiveUpdate, Message, Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.paging import Page, Paging
from services.contracts.written import Written

PersonalData = Literal["none", "anonymised", "pseudonymised", "personal", "sensitive"]
"""`sensitive`: special categories, such as health. `none` and `anonymised` need no protection."""
Origin = Literal["file", "upload", "mlflow"]
"""`file`: read by `lifecycle dataset add`; `upload`: sent to the registry; `mlflow`: named by a run as its input."""
SplitRole = Literal["train", "validation", "test", "other"]

DIGEST_LENGTH = 32
"""Of a file's SHA-256 in hexadecimal digits: short enough to be given to `mlflow.data.from_pandas(digest=…)`."""


class DatasetKey(Message, frozen=True, kw_only=True):
    """One version. Written as one text, it is `name@digest`."""

    dataset: str
    digest: str


# ---------------------------------------------------------------- parts of versions


class Field(Message, frozen=True, kw_only=True):
    """A column of a schema. `type` is the name in the file or in MLflow's schema, such as `int64` or `double`."""

    name: str
    type: str
    nullable: bool = True


class Feature(Message, frozen=True, kw_only=True):
    """A column that a model learns from. `origin` says what it was made of, `at_inference` whether it will be there
    when the model is asked; a dropped one keeps its reason."""

    name: str
    origin: str = ""
    at_inference: bool = True
    dropped_because: str = ""


class Code(Message, frozen=True, kw_only=True):
    """What made a version: a commit of a repository, and the script or notebook."""

    version: str = ""
    repository: str = ""
    entry_point: str = ""
    run_id: str | None = None


class Split(Message, frozen=True, kw_only=True):
    """Part of a version, itself a version. A sealed one is for the final evaluation only."""

    role: SplitRole
    dataset: str
    digest: str
    name: str = ""
    rows: int | None = None
    sealed: bool = False


# ---------------------------------------------------------------- events


class DataSourceDescribed(Event, frozen=True, kw_only=True):
    """For the first time (revision 1) or anew; everything as it is now."""

    service = "registry"
    aggregate = "data_source"
    name = "described"
    key = ("source",)

    source: str
    revision: int
    owner: str
    licence: str
    legal_basis: str
    personal_data: PersonalData
    protection: str = ""
    refresh: str = ""
    missing: list[str] = []
    by: str


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


# ---------------------------------------------------------------- live updates


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


# ---------------------------------------------------------------- views


class SourceView(Message, frozen=True, kw_only=True):
    """`missing` names what is still to be said: owner, licence, legal_basis, protection (of personal data), refresh."""

    name: str
    description: str
    location: str
    owner: str
    licence: str
    legal_basis: str
    personal_data: PersonalData
    protection: str
    refresh: str
    size: str
    missing: list[str]
    revision: int
    created_at: datetime
    updated_at: datetime
    by: str


class DatasetVersionView(Message, frozen=True, kw_only=True):
    """`uses` counts the runs that used it; `sealed_uses` those since it was sealed (None: it isn't sealed).

    `split_of`: the versions that this is a part of. `sha256` is of the file, where one was read. `profiled`: there is
    a profile to ask for. `experiments`: where MLflow's clients have named it.
    """

    dataset: str
    digest: str
    number: int
    origin: Origin
    created_at: datetime
    by: str
    description: str = ""
    location: str = ""
    source_type: str = ""
    format: str = ""
    sha256: str = ""
    rows: int | None = None
    size: int | None = None
    columns: list[Field] = []
    parents: list[DatasetKey] = []
    children: list[DatasetKey] = []
    sources: list[str] = []
    code: Code | None = None
    keys: list[str] = []
    target: str | None = None
    features: list[Feature] = []
    splits: list[Split] = []
    split_of: list[DatasetKey] = []
    sealed: bool = False
    sealed_uses: int | None = None
    uses: int = 0
    experiments: list[str] = []
    profiled: bool = False
    revision: int = 1


class DatasetSummary(Message, frozen=True, kw_only=True):
    """`rows`, `size` and `digest` are the newest version's."""

    name: str
    versions: int
    digest: str
    rows: int | None
    size: int | None
    columns: int | None
    origin: Origin
    profiled: bool
    created_at: datetime
    updated_at: datetime


class DatasetUse(Message, frozen=True, kw_only=True):
    """`sealed`: the split was sealed at that time."""

    run_id: str
    experiment_id: str
    context: str | None
    at: datetime
    sealed: bool = False


# ---------------------------------------------------------------- requests


class DescribeSource(Request[Written], frozen=True, kw_only=True):
    """A new one if the name is new, then without `expected`; otherwise everything is set anew."""

    service = "registry"
    name = "source.describe"

    source: str
    description: str = ""
    location: str = ""
    owner: str = ""
    licence: str = ""
    legal_basis: str = ""
    personal_data: PersonalData = "none"
    protection: str = ""
    refresh: str = ""
    size: str = ""
    expected: int | None = None
    idempotency_key: str | None = None


class ListSources(Request[Page[SourceView]], frozen=True, kw_only=True):
    """By name; `name_contains` ignores case."""

    service = "registry"
    name = "source.list"

    paging: Paging = Paging()
    name_contains: str | None = None
    where: Condition | None = None
    order: list[Ordering] = []


class GetSources(Request[list[SourceView | None]], frozen=True, kw_only=True):
    """One entry for each name, in order. At most 100."""

    service = "registry"
    name = "source.get"

    names: list[str]


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
