"""What a dataset is and what MLflow allows in one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from services.registry import limits
from services.registry.names import check_length
from services.registry.values import KeyValue


class Dataset(msgspec.Struct, frozen=True, kw_only=True):
    """`digest` is the client's own; `id` makes it unique within its experiment."""

    id: str = msgspec.field(name="_id")
    experiment_id: str
    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None = None
    profile: str | None = None


def dataset_id(experiment_id: str, name: str, digest: str) -> str:
    return hashlib.sha256("\0".join((experiment_id, name, digest)).encode()).hexdigest()[:32]


def check_dataset(dataset: Dataset, tags: Sequence[KeyValue]) -> None:
    """Raises Invalid for what breaks a limit."""
    check_length("name", dataset.name, limits.DATASET_NAME_LENGTH)
    check_length("digest", dataset.digest, limits.DATASET_DIGEST_LENGTH)
    check_length("source", dataset.source, limits.DATASET_SOURCE_LENGTH)
    check_length("schema", dataset.schema or "", limits.DATASET_SCHEMA_LENGTH)
    check_length("profile", dataset.profile or "", limits.DATASET_PROFILE_LENGTH)
    for tag in tags:
        check_length("key", tag.k, limits.INPUT_TAG_KEY_LENGTH)
        check_length("value", tag.v, limits.INPUT_TAG_VALUE_LENGTH)
