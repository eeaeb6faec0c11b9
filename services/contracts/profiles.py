"""What a dataset's versions hold: profiles, comparisons, and checks of representation and overlap."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.contracts.base import Event, Message, Request
from services.contracts.datasets import DatasetKey
from services.contracts.written import Written

ColumnType = Literal["number", "integer", "boolean", "category", "text", "time", "other"]
CheckOutcome = Literal["good", "bad"]

MAX_PROFILE_COLUMNS = 5000
COLUMNS_PER_MESSAGE = 100
"""Columns of a profile that travel in one message."""
SKETCH_SIZE = 65536
"""Row digests kept of a version: the smallest ones. Up to so many distinct rows, every overlap is exact."""


class ValueCount(Message, frozen=True, kw_only=True):
    value: str
    count: int


class ColumnProfile(Message, frozen=True, kw_only=True):
    """What one column holds. Shares and counts are of all rows; figures of numbers leave out missing and infinite ones.

    `distinct` is exact unless `distinct_approximate` (standard error 1.6 %). `quantiles` by probability (0, 0.01, 0.05,
    0.25, 0.5, 0.75, 0.95, 0.99, 1) are exact up to 100,000 values, of a uniform sample of so many beyond
    (`quantiles_approximate`). `counts[i]` lie in [edges[i], edges[i+1]), the last bin also at its end. `outliers`:
    values outside Tukey's fences, quartiles ∓ 1.5 interquartile ranges, estimated from the same sample where there is
    one (`outliers_approximate`). Times are seconds since 1970 there. `top` are
    the most frequent values; `top_approximate` if there were too many different ones to count each.
    """

    name: str
    type: ColumnType
    stored_as: str
    rows: int
    missing: int
    distinct: int
    distinct_approximate: bool = False
    infinite: int = 0
    mean: float | None = None
    deviation: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    quantiles: dict[str, float] = {}
    quantiles_approximate: bool = False
    edges: list[float] = []
    counts: list[int] = []
    outliers: int = 0
    outliers_approximate: bool = False
    low_fence: float | None = None
    high_fence: float | None = None
    top: list[ValueCount] = []
    top_approximate: bool = False
    shortest: int | None = None
    longest: int | None = None


class Correlation(Message, frozen=True, kw_only=True):
    """Pearson's, over the rows where both are finite numbers, -1…1."""

    left: str
    right: str
    value: float


class Profile(Message, frozen=True, kw_only=True):
    """`duplicate_rows` counts repeats of earlier rows, approximately beyond `SKETCH_SIZE` distinct ones.

    `correlations` are the strongest by absolute value, strongest first.
    """

    rows: int
    column_count: int
    missing_cells: int
    columns: list[ColumnProfile] = []
    correlations: list[Correlation] = []
    correlated_columns: int = 0
    duplicate_rows: int | None = None
    duplicates_approximate: bool = False
    target: str | None = None


class DatasetProfiled(Event, frozen=True, kw_only=True):
    """Its profile is complete. `outliers` counts values of all columns; `target`: the column to be predicted.

    `outliers_approximate`: some of them are estimated from samples.
    """

    service = "registry"
    aggregate = "dataset_version"
    name = "profiled"
    key = ("dataset", "digest")

    dataset: str
    digest: str
    rows: int
    columns: int
    missing_cells: int
    outliers: int
    outliers_approximate: bool = False
    target: str | None = None


class DatasetDerived(Event, frozen=True, kw_only=True):
    """A version was compared with the one it was made of: rows, missing cells and outliers, before and after.

    `inconsistent` names columns whose type or unit-like scale changed, with how.
    """

    service = "registry"
    aggregate = "dataset_version"
    name = "derived"
    key = ("dataset", "digest")

    dataset: str
    digest: str
    parent: DatasetKey
    rows: tuple[int, int]
    missing_cells: tuple[int, int]
    outliers: tuple[int, int]
    duplicate_rows: tuple[int, int] | None = None
    inconsistent: list[str] = []


class RepresentationChecked(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "dataset_version"
    name = "representation_checked"
    key = ("dataset", "digest")

    dataset: str
    digest: str
    column: str
    outcome: CheckOutcome
    missing: list[str] = []
    under_represented: list[str] = []


class OverlapChecked(Event, frozen=True, kw_only=True):
    """`shared` distinct rows (or keys, if `by_key`) of the version are also in `other`; bad if there are any."""

    service = "registry"
    aggregate = "dataset_version"
    name = "overlap_checked"
    key = ("dataset", "digest")

    dataset: str
    digest: str
    other: DatasetKey
    by_key: bool
    shared: int
    approximate: bool
    outcome: CheckOutcome


class ProfileView(Message, frozen=True, kw_only=True):
    """`profile.columns` holds the columns asked for, in the file's order."""

    dataset: str
    digest: str
    profiled_at: datetime
    profile: Profile
    has_more: bool = False


class ColumnComparison(Message, frozen=True, kw_only=True):
    """One column before and after (None: it isn't there). `psi` is the population stability index over the bins or
    values of the version before, 0…∞; `words` say what changed."""

    name: str
    before: ColumnProfile | None
    after: ColumnProfile | None
    psi: float | None = None
    type_changed: bool = False
    scale_changed: bool = False
    words: list[str] = []


class ProfileComparison(Message, frozen=True, kw_only=True):
    """`columns` are those that changed most first. `words` sum up the whole."""

    before: DatasetKey
    after: DatasetKey
    rows: tuple[int, int]
    missing_cells: tuple[int, int]
    outliers: tuple[int, int]
    duplicate_rows: tuple[int, int] | None
    columns: list[ColumnComparison]
    words: list[str] = []


class GroupShare(Message, frozen=True, kw_only=True):
    """Shares 0…1. `p` is the two-sided probability of a deviation at least so large if the rows were drawn from the
    population."""

    group: str
    expected: float
    found: float
    rows: int
    p: float
    verdict: Literal["fits", "over", "under", "missing", "unknown_group"]


class RepresentationView(Message, frozen=True, kw_only=True):
    dataset: str
    digest: str
    column: str
    outcome: CheckOutcome
    groups: list[GroupShare]
    least_ratio: float
    source: str = ""
    at: datetime | None = None


class OverlapView(Message, frozen=True, kw_only=True):
    """Distinct rows or keys: of each side, and those on both. `share` is `shared` of the smaller side, 0…1.

    If approximate, `shared` is an estimate with `low` to `high` as its 95 % interval.
    """

    left: DatasetKey
    right: DatasetKey
    by_key: bool
    left_distinct: int
    right_distinct: int
    shared: int
    share: float
    approximate: bool
    low: int
    high: int
    outcome: CheckOutcome


class DatasetChecksView(Message, frozen=True, kw_only=True):
    """The newest result of each check that was recorded of a version."""

    representation: list[RepresentationView] = []
    overlaps: list[OverlapView] = []


class RecordProfile(Request[Written], frozen=True, kw_only=True):
    """In parts of at most `COLUMNS_PER_MESSAGE` columns, the first column's position in `start`. The part with `last`
    completes it; correlations may come with any part. The same part again replaces it."""

    service = "registry"
    name = "dataset.record_profile"

    dataset: str
    digest: str
    profile: Profile
    start: int = 0
    last: bool = True


class RecordRowDigests(Request[Written], frozen=True, kw_only=True):
    """Of the version's distinct rows (or keys): the `SKETCH_SIZE` smallest 64-bit digests, ascending, as
    little-endian bytes. `complete`: there are no more."""

    service = "registry"
    name = "dataset.record_digests"

    dataset: str
    digest: str
    by_key: bool
    digests: bytes
    complete: bool


class GetProfile(Request[ProfileView | None], frozen=True, kw_only=True):
    """None if there is none. `columns` by name, or at most `first` of them from position `start` on."""

    service = "registry"
    name = "dataset.profile"

    dataset: str
    digest: str
    columns: list[str] | None = None
    start: int = 0
    first: int = COLUMNS_PER_MESSAGE


class CompareProfiles(Request[ProfileComparison], frozen=True, kw_only=True):
    """At most `first` columns, those that changed most. Raises NotFound if one has no profile."""

    service = "registry"
    name = "dataset.compare"

    before: DatasetKey
    after: DatasetKey
    first: int = COLUMNS_PER_MESSAGE


class CheckRepresentation(Request[RepresentationView], frozen=True, kw_only=True):
    """Are the groups of a column as frequent as in a stated population (shares 0…1 that sum to 1 at most)?

    A group is under-represented below `least_ratio` of its share, if chance doesn't explain it (p < 0.01). The result
    is recorded. `population` says where the shares come from.
    """

    service = "registry"
    name = "dataset.check_representation"

    dataset: str
    digest: str
    column: str
    expected: dict[str, float]
    least_ratio: float = 0.8
    population: str = ""
    idempotency_key: str | None = None


class CheckOverlap(Request[OverlapView], frozen=True, kw_only=True):
    """Do two versions share rows, or keys where both declared the same? The result is recorded with the left one."""

    service = "registry"
    name = "dataset.check_overlap"

    left: DatasetKey
    right: DatasetKey
    by_key: bool = False
    idempotency_key: str | None = None


class GetDatasetChecks(Request[DatasetChecksView], frozen=True, kw_only=True):
    service = "registry"
    name = "dataset.checks"

    dataset: str
    digest: str
