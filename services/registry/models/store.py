"""Registered models and versions in MongoDB."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.contracts.errors import Invalid
from services.registry.documents import from_document
from services.registry.models.rules import PROMPT_TAG, Model, Version, version_id
from services.registry.search.entities import MODELS as MODEL_ENTITY
from services.registry.search.entities import VERSIONS as VERSION_ENTITY
from services.registry.search.mongo import order_stages, query
from services.registry.search.syntax import EVERYTHING, And, Comparison, Node, Operator, Or, Order, Section
from services.runtime.conditions import Field
from services.runtime.store import Store, translated

MODELS = "models"
VERSIONS = "versions"
COUNTED = "counted"
"""The index that alone answers how many versions models have."""

INDEXES: Mapping[str, list[IndexModel]] = {
    MODELS: [IndexModel([("updated", DESCENDING)])],
    VERSIONS: [
        IndexModel([("name", ASCENDING), ("version", DESCENDING)], unique=True),
        IndexModel([("updated", DESCENDING), ("name", ASCENDING), ("version", DESCENDING)]),
        IndexModel([("created", DESCENDING), ("name", ASCENDING), ("version", DESCENDING)]),
        IndexModel([("run_id", ASCENDING)]),
        IndexModel([("name", ASCENDING), ("gone", ASCENDING)], name=COUNTED),
    ],
}

MODEL_FIELDS: Mapping[str, Field] = {
    "name": Field("_id"),
    "description": Field("description", orders=False),
    "tags": Field("tags", "tags"),
    "created_at": Field("created", "milliseconds"),
    "updated_at": Field("updated", "milliseconds"),
}
VERSION_FIELDS: Mapping[str, Field] = {
    "model": Field("name"),
    "number": Field("version", "number"),
    "run_id": Field("run_id", orders=False),
    "source": Field("source"),
    "description": Field("description", orders=False),
    "user": Field("user"),
    "stage": Field("stage"),
    "tags": Field("tags", "tags"),
    "created_at": Field("created", "milliseconds"),
    "updated_at": Field("updated", "milliseconds"),
}
"""What lists can be asked for."""

_THERE = {"gone": False}
_PROMPTS = {"tags": {"$elemMatch": {"k": PROMPT_TAG, "v": "true"}}}


class MongoModels:
    def __init__(self, store: Store) -> None:
        self.models = store[MODELS]
        self.versions = store[VERSIONS]

    @staticmethod
    def to_model(row: Mapping[str, Any]) -> Model:
        return from_document(row, Model)

    @staticmethod
    def to_version(row: Mapping[str, Any]) -> Version:
        return from_document(row, Version)

    async def get(self, name: str) -> Model | None:
        """Also what a deleted model left behind: see `Model.gone`."""
        with translated():
            row = await self.models.find_one({"_id": name})
        return None if row is None else from_document(row, Model)

    async def get_many(self, names: Sequence[str]) -> dict[str, Model]:
        with translated():
            rows = await self.models.find({"_id": {"$in": list(names)}, **_THERE}).to_list(None)
        return {row["_id"]: from_document(row, Model) for row in rows}

    async def get_version(self, name: str, version: int) -> Version | None:
        """Also what a deleted version left behind: see `Version.gone`."""
        with translated():
            row = await self.versions.find_one({"_id": version_id(name, version)})
        return None if row is None else from_document(row, Version)

    async def get_versions(self, ids: Sequence[str]) -> dict[str, Version]:
        with translated():
            rows = await self.versions.find({"_id": {"$in": list(ids)}, **_THERE}).to_list(None)
        return {row["_id"]: from_document(row, Version) for row in rows}

    async def versions_of(self, names: Sequence[str], *, stage: str | None = None) -> list[Version]:
        """Every version of these models that isn't deleted, lowest first."""
        matching: dict[str, Any] = {"name": {"$in": list(names)}, **_THERE}
        if stage is not None:
            matching["stage"] = stage
        with translated():
            rows = await self.versions.find(matching).sort("version", 1).to_list(None)
        return [from_document(row, Version) for row in rows]

    async def latest_by_stage(self, names: Sequence[str]) -> dict[str, list[Version]]:
        """The highest version of each stage, for each model."""
        pipeline: list[dict[str, Any]] = [
            {"$match": {"name": {"$in": list(names)}, **_THERE}},
            {"$sort": {"name": 1, "version": -1}},
            {"$group": {"_id": {"name": "$name", "stage": "$stage"}, "newest": {"$first": "$$ROOT"}}},
            {"$sort": {"newest.version": 1}},
        ]
        with translated():
            rows = await self.versions.aggregate(pipeline).to_list(None)
        found: dict[str, list[Version]] = {}
        for row in rows:
            found.setdefault(row["_id"]["name"], []).append(from_document(row["newest"], Version))
        return found

    async def any_of(self, location: str, made_of: Mapping[str, str]) -> bool:
        """Whether a version has its files at an artifact location, or below it, or says that it is made of it."""
        inside = {"storage_location": {"$regex": f"^{re.escape(location)}(/|$)"}}
        with translated():
            return await self.versions.find_one({"$or": [inside, made_of], **_THERE}, {"_id": 1}) is not None

    async def counts(self, names: Sequence[str]) -> dict[str, int]:
        pipeline: list[dict[str, Any]] = [
            {"$match": {"name": {"$in": list(names)}, **_THERE}},
            {"$group": {"_id": "$name", "count": {"$sum": 1}}},
        ]
        with translated():
            rows = await self.versions.aggregate(pipeline, hint=COUNTED).to_list(None)
        return {row["_id"]: int(row["count"]) for row in rows}

    async def newest(self, models: Sequence[Model]) -> dict[str, Version]:
        """The highest version of each model that has any, by the model's name."""
        last = [version_id(model.name, model.last_version) for model in models if model.last_version]
        found = {version.name: version for version in (await self.get_versions(last)).values()}
        without = [model.name for model in models if model.last_version and model.name not in found]
        for name, versions in (await self.latest_by_stage(without) if without else {}).items():
            found[name] = max(versions, key=lambda version: version.version)
        return found

    @staticmethod
    def there(name: str, moment: int) -> dict[str, Any]:
        """The query for the versions of a model that there were at `moment`: a deleted one keeps when it went."""
        still = {"$or": [_THERE, {"updated": {"$gt": moment}}]}
        return {"name": name, "created": {"$lte": moment}, **still}

    async def count_there(self, name: str, moment: int) -> int:
        with translated():
            return int(await self.versions.count_documents(self.there(name, moment)))

    async def search(self, node: Node, orders: Sequence[Order], skip: int, limit: int) -> list[Model]:
        """Prompts, which ride on registered models, show only when the filter asks for them."""
        prompts = asks_for_prompts(node)
        conditions: list[dict[str, Any]] = [_THERE]
        if not prompts:
            node = without_prompt_tag(node)
            conditions.append({"$nor": [_PROMPTS]})
        conditions.append(query(node, MODEL_ENTITY))
        pipeline: list[dict[str, Any]] = [
            {"$match": {"$and": conditions}},
            *order_stages(orders, MODEL_ENTITY, [("_id", 1)]),
            {"$skip": skip},
            {"$limit": limit},
        ]
        with translated():
            rows = await self.models.aggregate(pipeline, allowDiskUse=True).to_list(limit)
        return [from_document(row, Model) for row in rows]

    async def search_versions(self, node: Node, orders: Sequence[Order], skip: int, limit: int) -> list[Version]:
        prompts = asks_for_prompts(node)
        conditions: list[dict[str, Any]] = [_THERE]
        if not prompts:
            node = without_prompt_tag(node)
            with translated():
                names = await self.versions.distinct("name", {**_THERE, **_PROMPTS})
            conditions.append({"name": {"$nin": names}})
        conditions.append(query(node, VERSION_ENTITY))
        pipeline: list[dict[str, Any]] = [
            {"$match": {"$and": conditions}},
            *order_stages(orders, VERSION_ENTITY, [("name", 1), ("version", -1)]),
            {"$skip": skip},
            {"$limit": limit},
        ]
        with translated():
            rows = await self.versions.aggregate(pipeline, allowDiskUse=True).to_list(limit)
        return [from_document(row, Version) for row in rows]


def _about_prompts(comparison: Comparison) -> bool:
    return comparison.field.section is Section.TAG and comparison.field.key == PROMPT_TAG


def asks_for_prompts(node: Node) -> bool:
    """Whether a filter wants prompts: the tag `= 'true'`, or `!= 'false'`."""
    if isinstance(node, Comparison):
        value = str(node.value).lower()
        wanted = {Operator.EQ: "true", Operator.NE: "false"}.get(node.operator)
        return _about_prompts(node) and value == wanted
    return any(asks_for_prompts(part) for part in node.parts)


def without_prompt_tag(node: Node) -> Node:
    """The filter without what it says about the prompt tag, which models don't have. Raises Invalid within OR."""
    if isinstance(node, Comparison):
        return EVERYTHING if _about_prompts(node) else node
    if isinstance(node, Or):
        if any(isinstance(part, Comparison) and _about_prompts(part) for part in node.parts):
            raise Invalid(f"the tag {PROMPT_TAG} can't be part of an OR", field="filter")
        return Or(tuple(without_prompt_tag(part) for part in node.parts))
    return And(tuple(without_prompt_tag(part) for part in node.parts))
