"""Environments, and what runs and ran in them, in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.contracts.deployments import ListDeploymentsByPage
from services.contracts.paging import Page
from services.registry.deployments.environments import Environment
from services.registry.deployments.rules import Deployment, deployment_id
from services.registry.documents import from_document
from services.runtime import conditions
from services.runtime.conditions import Field
from services.runtime.paging import page_of_stages
from services.runtime.store import Store, translated

DEPLOYMENTS = "deployments"
ENVIRONMENTS = "environments"
FIELDS: Mapping[str, Field] = {
    "environment": Field("environment"),
    "model": Field("model_name"),
    "version": Field("_now.version", orders=False),
    "since": Field("_now.start", "milliseconds", orders=False),
    "by": Field("_now.by", orders=False),
    "running": Field("_now.version", "presence", orders=False),
}
"""What lists can be asked for; `_now` is the stay that hasn't ended."""
INDEXES: Mapping[str, list[IndexModel]] = {
    DEPLOYMENTS: [
        IndexModel([("model_name", ASCENDING), ("environment", ASCENDING)]),
        IndexModel([("environment", ASCENDING), ("model_name", ASCENDING)]),
        IndexModel([("stays.start", DESCENDING)]),
    ],
}


class MongoDeployments:
    def __init__(self, store: Store) -> None:
        self._deployments = store[DEPLOYMENTS]
        self._environments = store[ENVIRONMENTS]

    async def get(self, environment: str, model_name: str) -> Deployment | None:
        with translated():
            row = await self._deployments.find_one({"_id": deployment_id(environment, model_name)})
        return None if row is None else from_document(row, Deployment)

    async def find(self, environment: str | None, model_name: str | None, *, most: int) -> list[Deployment]:
        """By environment and model."""
        named = {"environment": environment, "model_name": model_name}
        return await self._found({key: value for key, value in named.items() if value is not None}, most)

    async def page(self, request: ListDeploymentsByPage, begun: int | None) -> Page[Deployment]:
        """By environment and model, unless another order is asked for; `begun`: something had run by then."""
        named = {"environment": request.environment, "model_name": request.model_name}
        matching: dict[str, Any] = {key: value for key, value in named.items() if value is not None}
        if begun is not None:
            matching["stays.start"] = {"$lte": begun}
        newest = {"$arrayElemAt": ["$stays", -1]}
        open_ = {"$eq": [{"$ifNull": ["$$newest.end", None]}, None]}
        now = {"$let": {"vars": {"newest": newest}, "in": {"$cond": [open_, "$$newest", None]}}}
        order = conditions.keys(request.order, FIELDS, [("environment", ASCENDING), ("model_name", ASCENDING)])
        return await page_of_stages(
            self._deployments,
            [{"$match": matching}, {"$addFields": {"_now": {"$ifNull": [now, None]}}}],
            conditions.query(request.where, FIELDS),
            order,
            request.paging,
            lambda row: from_document(row, Deployment),
        )

    async def running_between(
        self, environment: str | None, model_name: str | None, start: int, end: int | None, *, most: int
    ) -> list[Deployment]:
        """Those of which something ran at some time from `start` to `end`."""
        stay: dict[str, Any] = {"$or": [{"end": None}, {"end": {"$gte": start}}]}
        if end is not None:
            stay["start"] = {"$lte": end}
        matching: dict[str, Any] = {"stays": {"$elemMatch": stay}}
        if environment is not None:
            matching["environment"] = environment
        if model_name is not None:
            matching["model_name"] = model_name
        return await self._found(matching, most)

    async def _found(self, matching: Mapping[str, Any], most: int) -> list[Deployment]:
        order = [("environment", ASCENDING), ("model_name", ASCENDING)]
        with translated():
            rows = await self._deployments.find(matching).sort(order).limit(most).to_list(most)
        return [from_document(row, Deployment) for row in rows]

    async def environment(self, name: str) -> Environment | None:
        with translated():
            row = await self._environments.find_one({"_id": name})
        return None if row is None else from_document(row, Environment)

    async def environments(self) -> list[Environment]:
        """By name."""
        with translated():
            rows = await self._environments.find().sort("_id", ASCENDING).to_list(None)
        return [from_document(row, Environment) for row in rows]
