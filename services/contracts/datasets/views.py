"""How datasets and their versions are shown."""

from __future__ import annotations

from datetime import datetime

from services.contracts.base import Message
from services.contracts.datasets.parts import Code, DatasetKey, Feature, Field, Origin, Split


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
