"""What the dashboard asks is valid here, and affordable at the largest sizes it may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.gateway.cost import Cost
from services.gateway.documents import Documents
from services.gateway.limits import Limits
from services.gateway.schema import build_schema

DOCUMENTS = sorted((Path(__file__).parents[3] / "dashboard" / "gateway" / "documents").glob("*.graphql"))
LARGEST = {"first": 100, "last": 500, "maxPoints": 2_000}

SCHEMA = build_schema()._schema


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_document_of_the_dashboard_is_valid_and_affordable(path: Path) -> None:
    prepared = Documents(SCHEMA, Limits(), 1).prepare(path.read_text())
    for operation in prepared.operations.values():
        assert Cost(SCHEMA, prepared.fragments, LARGEST).of(operation) <= Limits().cost
