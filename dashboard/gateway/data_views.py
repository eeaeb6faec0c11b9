"""What the gateway answers about datasets, their profiles, lineage and reproduction."""

from __future__ import annotations

from datetime import datetime

from dashboard.gateway.views import KeyValue, Metric, View


class DatasetKey(View, frozen=True, kw_only=True):
    dataset: str
    digest: str


class Numbered(View, frozen=True, kw_only=True):
    number: int
    use_count: int = 0


class DatasetRow(View, frozen=True, kw_only=True):
    name: str
    digest: str
    rows: int | None = None
    size: int | None = None
    latest_version: Numbered | None = None
    origin: str
    profiled: bool
    created_at: datetime
    updated_at: datetime


class Column(View, frozen=True, kw_only=True):
    name: str
    type: str
    nullable: bool = True


class Code(View, frozen=True, kw_only=True):
    version: str = ""
    repository: str = ""
    entry_point: str = ""
    run_id: str | None = None


class Feature(View, frozen=True, kw_only=True):
    name: str
    origin: str = ""
    at_inference: bool = True
    dropped_because: str = ""


class Split(View, frozen=True, kw_only=True):
    role: str
    dataset: str
    digest: str
    name: str = ""
    rows: int | None = None
    sealed: bool = False


class DatasetVersionRow(View, frozen=True, kw_only=True):
    dataset: str
    digest: str
    number: int
    origin: str
    created_at: datetime
    by: str
    description: str = ""
    rows: int | None = None
    size: int | None = None
    profiled: bool = False
    sealed: bool = False
    use_count: int = 0
    parents: list[DatasetKey] = []


class DatasetUse(View, frozen=True, kw_only=True):
    run_id: str
    experiment_id: str
    context: str | None = None
    at: datetime
    sealed: bool = False


class UseEdge(View, frozen=True, kw_only=True):
    node: DatasetUse


class Uses(View, frozen=True, kw_only=True):
    edges: list[UseEdge] = []


class ValueCount(View, frozen=True, kw_only=True):
    value: str
    count: int


class ColumnProfile(View, frozen=True, kw_only=True):
    name: str
    type: str
    stored_as: str = ""
    rows: int
    missing: int
    distinct: int
    distinct_approximate: bool = False
    mean: float | None = None
    deviation: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    quantiles: list[Metric] = []
    edges: list[float] = []
    counts: list[int] = []
    outliers: int = 0
    outliers_approximate: bool = False
    top: list[ValueCount] = []


class Correlation(View, frozen=True, kw_only=True):
    left: str
    right: str
    value: float


class Profile(View, frozen=True, kw_only=True):
    rows: int
    column_count: int
    missing_cells: int
    columns: list[ColumnProfile] = []
    correlations: list[Correlation] = []
    duplicate_rows: int | None = None
    duplicates_approximate: bool = False
    target: str | None = None


class DatasetProfile(View, frozen=True, kw_only=True):
    profiled_at: datetime
    profile: Profile
    has_more: bool = False


class GroupShare(View, frozen=True, kw_only=True):
    group: str
    expected: float
    found: float
    rows: int
    p: float
    verdict: str


class Representation(View, frozen=True, kw_only=True):
    column: str
    outcome: str
    groups: list[GroupShare] = []
    least_ratio: float = 0.8
    source: str = ""
    at: datetime | None = None


class Overlap(View, frozen=True, kw_only=True):
    left: DatasetKey
    right: DatasetKey
    by_key: bool
    shared: int
    share: float
    approximate: bool
    outcome: str


class Checks(View, frozen=True, kw_only=True):
    representation: list[Representation] = []
    overlaps: list[Overlap] = []


class DatasetVersion(View, frozen=True, kw_only=True):
    dataset: str
    digest: str
    number: int
    origin: str
    created_at: datetime
    by: str
    description: str = ""
    location: str = ""
    source_type: str = ""
    format: str = ""
    sha256: str = ""
    rows: int | None = None
    size: int | None = None
    columns: list[Column] = []
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
    use_count: int = 0
    used_by: Uses | None = None
    profile: DatasetProfile | None = None
    checks: Checks | None = None
    profiled: bool = False


class BeforeAfter(View, frozen=True, kw_only=True):
    before: int
    after: int


class ColumnComparison(View, frozen=True, kw_only=True):
    name: str
    before: ColumnProfile | None = None
    after: ColumnProfile | None = None
    psi: float | None = None
    type_changed: bool = False
    scale_changed: bool = False
    words: list[str] = []


class ProfileComparison(View, frozen=True, kw_only=True):
    before: DatasetKey
    after: DatasetKey
    rows: BeforeAfter
    missing_cells: BeforeAfter
    outliers: BeforeAfter
    duplicate_rows: BeforeAfter | None = None
    columns: list[ColumnComparison] = []
    words: list[str] = []


class LineageRef(View, frozen=True, kw_only=True):
    kind: str
    id: str


class LineageNode(View, frozen=True, kw_only=True):
    kind: str
    id: str
    label: str
    depth: int
    at: datetime | None = None
    state: str = ""
    more: int | None = None


class LineageLink(View, frozen=True, kw_only=True):
    left: LineageRef
    right: LineageRef
    kind: str
    at: datetime
    note: str = ""


class Lineage(View, frozen=True, kw_only=True):
    start: LineageRef
    nodes: list[LineageNode] = []
    edges: list[LineageLink] = []
    truncated: bool = False


class Ingredient(View, frozen=True, kw_only=True):
    name: str
    title: str
    weight: float
    present: bool
    found: str = ""
    fix: str = ""


class Attempt(View, frozen=True, kw_only=True):
    id: str
    outcome: str
    tolerance: float
    rerun_id: str | None = None
    note: str = ""
    by: str
    at: datetime


class BundleFile(View, frozen=True, kw_only=True):
    """`path` is below the run's artifacts."""

    path: str
    size: int = 0


class ReproductionPlan(View, frozen=True, kw_only=True):
    """What it takes to make a run again: `environment` are the files that pin packages, `diff` the changes."""

    command: list[str] = []
    working_directory: str = ""
    seeds: list[KeyValue] = []
    environment: list[BundleFile] = []
    diff: BundleFile | None = None


class Reproducibility(View, frozen=True, kw_only=True):
    score: float
    ingredients: list[Ingredient] = []
    attempts: list[Attempt] = []


class DataSource(View, frozen=True, kw_only=True):
    """`missing`: what a source should say and doesn't."""

    name: str
    description: str = ""
    location: str = ""
    owner: str = ""
    licence: str = ""
    legal_basis: str = ""
    personal_data: str = "NONE"
    protection: str = ""
    refresh: str = ""
    size: str = ""
    missing: list[str] = []
    revision: int = 0
