"""What MLflow's clients send about registered models and versions (mlflow/protos/model_registry.proto)."""

from __future__ import annotations

from services.registry.mlflow_api.requests import Pair
from services.registry.mlflow_api.wire import Int64, Message


class CreateRegisteredModel(Message, frozen=True, kw_only=True):
    required = ("name",)
    name: str | None = None
    tags: list[Pair] = []
    description: str | None = None


class ModelName(Message, frozen=True, kw_only=True):
    required = ("name",)
    name: str | None = None


class UpdateRegisteredModel(Message, frozen=True, kw_only=True):
    required = ("name",)
    name: str | None = None
    description: str | None = None


class RenameRegisteredModel(Message, frozen=True, kw_only=True):
    required = ("name", "new_name")
    name: str | None = None
    new_name: str | None = None


class Search(Message, frozen=True, kw_only=True):
    """Of registered models and of versions."""

    filter: str | None = None
    max_results: Int64 | None = None
    order_by: list[str] = []
    page_token: str | None = None


class GetLatestVersions(Message, frozen=True, kw_only=True):
    required = ("name",)
    name: str | None = None
    stages: list[str] = []


class CreateModelVersion(Message, frozen=True, kw_only=True):
    required = ("name", "source")
    name: str | None = None
    source: str | None = None
    run_id: str | None = None
    tags: list[Pair] = []
    run_link: str | None = None
    description: str | None = None
    model_id: str | None = None


class VersionName(Message, frozen=True, kw_only=True):
    required = ("name", "version")
    name: str | None = None
    version: str | None = None


class UpdateModelVersion(Message, frozen=True, kw_only=True):
    required = ("name", "version")
    name: str | None = None
    version: str | None = None
    description: str | None = None


class TransitionStage(Message, frozen=True, kw_only=True):
    required = ("name", "version", "stage")
    name: str | None = None
    version: str | None = None
    stage: str | None = None
    archive_existing_versions: bool | None = None


class SetModelTag(Message, frozen=True, kw_only=True):
    required = ("name", "key")
    name: str | None = None
    key: str | None = None
    value: str | None = None


class DeleteModelTag(Message, frozen=True, kw_only=True):
    required = ("name", "key")
    name: str | None = None
    key: str | None = None


class SetVersionTag(Message, frozen=True, kw_only=True):
    required = ("name", "version", "key")
    name: str | None = None
    version: str | None = None
    key: str | None = None
    value: str | None = None


class DeleteVersionTag(Message, frozen=True, kw_only=True):
    required = ("name", "version", "key")
    name: str | None = None
    version: str | None = None
    key: str | None = None


class SetAlias(Message, frozen=True, kw_only=True):
    required = ("name", "alias", "version")
    name: str | None = None
    alias: str | None = None
    version: str | None = None


class AliasName(Message, frozen=True, kw_only=True):
    required = ("name", "alias")
    name: str | None = None
    alias: str | None = None
