"""What dataset versions hold: profiles, comparisons, checks."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry
from strawberry import enum_value

from services.contracts import datasets
from services.contracts import profiles as contracts
from services.gateway.types.fields import viewed
from services.gateway.types.limits import KEY, Size
from services.gateway.types.node import reads
from services.gateway.types.scalars import Long
from services.gateway.types.values import BeforeAfter, Metric, figures


@strawberry.enum(description="What a column holds.")
class ColumnType(Enum):
    NUMBER = enum_value("number", description="Numbers.")
    INTEGER = enum_value("integer", description="Whole numbers.")
    BOOLEAN = enum_value("boolean", description="True or false.")
    CATEGORY = enum_value("category", description="A few texts, again and again.")
    TEXT = enum_value("text", description="Texts.")
    TIME = enum_value("time", description="Moments.")
    OTHER = enum_value("other", description="Something else.")


@strawberry.enum(description="What a check says.")
class CheckOutcome(Enum):
    GOOD = enum_value("good", description="All is well.")
    BAD = enum_value("bad", description="Something isn't.")


@strawberry.enum(description="How a group's share compares with the population.")
class GroupVerdict(Enum):
    FITS = enum_value("fits", description="About as expected.")
    OVER = enum_value("over", description="More than expected.")
    UNDER = enum_value("under", description="Less than expected.")
    MISSING = enum_value("missing", description="It isn't there.")
    UNKNOWN_GROUP = enum_value("unknown_group", description="The population doesn't name it.")


@strawberry.type(description="A version of a dataset.")
class DatasetKey:
    is_type_of = reads(datasets.DatasetKey)

    dataset: str = strawberry.field(description="The dataset's name.")
    digest: str = strawberry.field(description="Its content digest.")


@strawberry.type(description="A value with how often it occurs.")
class ValueCount:
    is_type_of = reads(contracts.ValueCount)

    value: str = strawberry.field(description="The value.")
    count: Long = strawberry.field(description="How often.")


@strawberry.type(description="What one column holds. Figures of numbers leave out missing and infinite ones.")
class ColumnProfile:
    is_type_of = reads(contracts.ColumnProfile)

    name: str = strawberry.field(description="Its name.")
    type: ColumnType = strawberry.field(description="What it holds.")
    stored_as: str = strawberry.field(description="Its type in the file.")
    rows: Long = strawberry.field(description="Rows in all.")
    missing: Long = strawberry.field(description="Rows without a value.")
    distinct: Long = strawberry.field(description="Different values.")
    distinct_approximate: bool = strawberry.field(
        description="Whether `distinct` is an estimate (standard error 1.6 %)."
    )
    infinite: Long = strawberry.field(description="Infinite values.")
    mean: float | None = strawberry.field(description="Their mean.")
    deviation: float | None = strawberry.field(description="Their standard deviation.")
    minimum: float | None = strawberry.field(description="The smallest.")
    maximum: float | None = strawberry.field(description="The greatest.")
    quantiles: list[Metric] = viewed(resolver=figures("quantiles"), description="By probability, from 0 to 1.")
    quantiles_approximate: bool = strawberry.field(description="Whether they are of a sample.")
    edges: list[float] = strawberry.field(
        metadata={KEY: Size(otherwise=21)}, description="Edges of the histogram's bins; times are seconds since 1970."
    )
    counts: list[int] = strawberry.field(metadata={KEY: Size(otherwise=20)}, description="Values in each bin.")
    outliers: Long = strawberry.field(description="Values outside Tukey's fences.")
    outliers_approximate: bool = strawberry.field(description="Whether that is estimated from a sample.")
    low_fence: float | None = strawberry.field(description="The lower of these.")
    high_fence: float | None = strawberry.field(description="The upper of these.")
    top: list[ValueCount] = strawberry.field(
        metadata={KEY: Size(otherwise=10)}, description="The most frequent values."
    )
    top_approximate: bool = strawberry.field(description="Whether there were too many different ones to count each.")
    shortest: int | None = strawberry.field(description="The shortest text's length.")
    longest: int | None = strawberry.field(description="The longest text's length.")


@strawberry.type(description="Pearson's correlation of two columns, -1 to 1, over rows where both are finite numbers.")
class Correlation:
    is_type_of = reads(contracts.Correlation)

    left: str = strawberry.field(description="One column.")
    right: str = strawberry.field(description="The other.")
    value: float = strawberry.field(description="Their correlation.")


@strawberry.type(description="What a dataset version holds.")
class Profile:
    is_type_of = reads(contracts.Profile)

    rows: Long = strawberry.field(description="Its rows.")
    column_count: int = strawberry.field(description="Its columns.")
    missing_cells: Long = strawberry.field(description="Cells without a value.")
    columns: list[ColumnProfile] = strawberry.field(
        metadata={KEY: Size(otherwise=30)}, description="The columns that were asked for, in the file's order."
    )
    correlations: list[Correlation] = strawberry.field(
        metadata={KEY: Size(otherwise=20)}, description="The strongest correlations, strongest first."
    )
    correlated_columns: int = strawberry.field(description="How many columns were compared for them.")
    duplicate_rows: Long | None = strawberry.field(description="Repeats of earlier rows; null if nobody looked.")
    duplicates_approximate: bool = strawberry.field(description="Whether that is an estimate.")
    target: str | None = strawberry.field(description="The column to be predicted.")


@strawberry.type(description="The profile of a dataset version.")
class DatasetProfile:
    is_type_of = reads(contracts.ProfileView)

    dataset: str = strawberry.field(description="The dataset's name.")
    digest: str = strawberry.field(description="Its content digest.")
    profiled_at: datetime = strawberry.field(description="When it was made.")
    profile: Profile = strawberry.field(description="The profile.")
    has_more: bool = strawberry.field(description="Whether further columns follow.")


@strawberry.type(description="One column before and after.")
class ColumnComparison:
    is_type_of = reads(contracts.ColumnComparison)

    name: str = strawberry.field(description="Its name.")
    before: ColumnProfile | None = strawberry.field(description="As it was; null if it wasn't there.")
    after: ColumnProfile | None = strawberry.field(description="As it is; null if it isn't there.")
    psi: float | None = strawberry.field(
        description="Population stability index over the bins or values before, 0 upwards."
    )
    type_changed: bool = strawberry.field(description="Whether its type is another.")
    scale_changed: bool = strawberry.field(description="Whether its unit seems to be another.")
    words: list[str] = strawberry.field(description="What changed, in words.")


@strawberry.type(description="Two dataset versions side by side.")
class ProfileComparison:
    is_type_of = reads(contracts.ProfileComparison)

    before: DatasetKey = strawberry.field(description="The earlier one.")
    after: DatasetKey = strawberry.field(description="The later one.")
    rows: BeforeAfter = strawberry.field(description="Their rows.")
    missing_cells: BeforeAfter = strawberry.field(description="Their cells without a value.")
    outliers: BeforeAfter = strawberry.field(description="Their outliers.")
    duplicate_rows: BeforeAfter | None = strawberry.field(description="Their repeated rows.")
    columns: list[ColumnComparison] = strawberry.field(
        metadata={KEY: Size(otherwise=20)}, description="The columns, those that changed most first."
    )
    words: list[str] = strawberry.field(description="What changed, in words.")


@strawberry.type(description="A group's share beside the population's.")
class GroupShare:
    is_type_of = reads(contracts.GroupShare)

    group: str = strawberry.field(description="The group.")
    expected: float = strawberry.field(description="Its share of the population, 0 to 1.")
    found: float = strawberry.field(description="Its share of the rows, 0 to 1.")
    rows: Long = strawberry.field(description="Its rows.")
    p: float = strawberry.field(description="Probability of such a deviation if rows were drawn from the population.")
    verdict: GroupVerdict = strawberry.field(description="How they compare.")


@strawberry.type(description="Whether groups are as frequent as in a stated population.")
class RepresentationCheck:
    is_type_of = reads(contracts.RepresentationView)

    dataset: str = strawberry.field(description="The dataset's name.")
    digest: str = strawberry.field(description="Its content digest.")
    column: str = strawberry.field(description="The column that names the group.")
    outcome: CheckOutcome = strawberry.field(description="What it says.")
    groups: list[GroupShare] = strawberry.field(metadata={KEY: Size(otherwise=10)}, description="The groups.")
    least_ratio: float = strawberry.field(description="A group below this part of its share is under-represented.")
    source: str = strawberry.field(description="Where the population's shares come from.")
    at: datetime | None = strawberry.field(description="When it was checked.")


@strawberry.type(description="Whether two dataset versions share rows.")
class OverlapCheck:
    is_type_of = reads(contracts.OverlapView)

    left: DatasetKey = strawberry.field(description="One version.")
    right: DatasetKey = strawberry.field(description="The other.")
    by_key: bool = strawberry.field(description="Whether keys were compared instead of whole rows.")
    left_distinct: Long = strawberry.field(description="Distinct rows or keys of the left one.")
    right_distinct: Long = strawberry.field(description="Distinct rows or keys of the right one.")
    shared: Long = strawberry.field(description="Those on both sides.")
    share: float = strawberry.field(description="`shared` of the smaller side, 0 to 1.")
    approximate: bool = strawberry.field(description="Whether `shared` is an estimate.")
    low: Long = strawberry.field(description="Lower end of its 95 % interval.")
    high: Long = strawberry.field(description="Upper end of its 95 % interval.")
    outcome: CheckOutcome = strawberry.field(description="What it says.")


@strawberry.type(description="The newest result of each check.")
class DatasetChecks:
    is_type_of = reads(contracts.DatasetChecksView)

    representation: list[RepresentationCheck] = strawberry.field(
        metadata={KEY: Size(otherwise=3)}, description="Whether groups are represented."
    )
    overlaps: list[OverlapCheck] = strawberry.field(
        metadata={KEY: Size(otherwise=3)}, description="Whether rows are shared with other versions."
    )
