"""Datasets: their sources and versions, what the registry says, answers and shows of them."""

from services.contracts.datasets.events import (
    DatasetUploadMoved,
    DatasetVersionRegistered,
    FeaturesDescribed,
    SealedSplitUsed,
    SplitsRecorded,
)
from services.contracts.datasets.parts import DIGEST_LENGTH, Code, DatasetKey, Feature, Field, Origin, Split, SplitRole
from services.contracts.datasets.requests import (
    DescribeFeatures,
    GetDatasetVersions,
    ListDatasets,
    ListDatasetUses,
    ListDatasetVersions,
    RecordSplits,
    RegisterDataset,
)
from services.contracts.datasets.sources import (
    DataSourceDescribed,
    DescribeSource,
    GetSources,
    ListSources,
    PersonalData,
    SourceView,
)
from services.contracts.datasets.views import DatasetSummary, DatasetUse, DatasetVersionView

__all__ = [
    "DIGEST_LENGTH",
    "Code",
    "DataSourceDescribed",
    "DatasetKey",
    "DatasetSummary",
    "DatasetUploadMoved",
    "DatasetUse",
    "DatasetVersionRegistered",
    "DatasetVersionView",
    "DescribeFeatures",
    "DescribeSource",
    "Feature",
    "FeaturesDescribed",
    "Field",
    "GetDatasetVersions",
    "GetSources",
    "ListDatasetUses",
    "ListDatasetVersions",
    "ListDatasets",
    "ListSources",
    "Origin",
    "PersonalData",
    "RecordSplits",
    "RegisterDataset",
    "SealedSplitUsed",
    "SourceView",
    "Split",
    "SplitRole",
    "SplitsRecorded",
]
