"""What MLflow's client says of a dataset, as a registration: its schema, size and source are JSON texts of its own."""

from __future__ import annotations

from typing import Any

import msgspec

from services.contracts.datasets import Field, RegisterDataset
from services.contracts.registry import DatasetRef
from services.registry.datasets.rules import Dataset
from services.registry.datasets.version import MANY_COLUMNS, TEXT_LENGTH

_PLACES = ("uri", "url", "path", "delta_table_name", "table_name", "name")


def registration(ref: DatasetRef, dataset: Dataset | None) -> RegisterDataset:
    """What can't be read of it is left out."""
    if dataset is None:
        return RegisterDataset(dataset=ref.name, digest=ref.digest, origin="mlflow")
    profile = _object(dataset.profile)
    rows = profile.get("num_rows")
    return RegisterDataset(
        dataset=ref.name,
        digest=ref.digest,
        origin="mlflow",
        location=location(dataset.source)[:TEXT_LENGTH],
        format=dataset.source_type,
        rows=rows if isinstance(rows, int) and rows >= 0 else None,
        columns=columns(dataset.schema),
    )


def location(source: str) -> str:
    """Where the data lie, out of a source's JSON; the text itself if it is none."""
    fields = _object(source)
    found = next((fields[place] for place in _PLACES if isinstance(fields.get(place), str)), None)
    tags = fields.get("tags")
    if found is None and isinstance(tags, dict):
        found = next((value for value in (tags.get("mlflow.source.name"),) if isinstance(value, str)), None)
    return found or ("" if fields else source)


def columns(schema: str | None) -> list[Field]:
    """Of MLflow's column schema; a tensor schema's features count as columns. Repeated names are left out."""
    fields = _object(schema)
    entries = fields.get("mlflow_colspec")
    if isinstance(entries, list):
        found = [
            (entry.get("name"), entry.get("type"), entry.get("required"))
            for entry in entries
            if isinstance(entry, dict)
        ]
    else:
        tensors = fields.get("mlflow_tensorspec")
        features = tensors.get("features") if isinstance(tensors, dict) else None
        found = [("features", "tensor", True)] if features else []
    named = {
        name: Field(name=name, type=kind if isinstance(kind, str) else "object", nullable=required is not True)
        for name, kind, required in found
        if isinstance(name, str) and name
    }
    return list(named.values())[:MANY_COLUMNS]


def _object(text: str | None) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(text or "null")
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
