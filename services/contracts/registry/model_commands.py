"""What people do to models and versions."""

from __future__ import annotations

from services.contracts.base import Done, Request
from services.contracts.registry.models import ModelView, VersionView


class RegisterModel(Request[ModelView], frozen=True, kw_only=True):
    """Raises Conflict if the name is taken."""

    service = "registry"
    name = "model.register"

    model_name: str
    description: str = ""
    tags: dict[str, str] = {}
    idempotency_key: str | None = None


class RenameModel(Request[ModelView], frozen=True, kw_only=True):
    """Its versions, and what is kept about them, come along. Raises Conflict if the name is taken."""

    service = "registry"
    name = "model.rename"

    model_name: str
    new_name: str
    idempotency_key: str | None = None


class DescribeModel(Request[ModelView], frozen=True, kw_only=True):
    service = "registry"
    name = "model.describe"

    model_name: str
    description: str
    idempotency_key: str | None = None


class SetModelTag(Request[ModelView], frozen=True, kw_only=True):
    """A new tag, or a new text of one."""

    service = "registry"
    name = "model.set_tag"

    model_name: str
    tag: str
    value: str
    idempotency_key: str | None = None


class DeleteModelTag(Request[ModelView], frozen=True, kw_only=True):
    """Nothing happens if there is no such tag."""

    service = "registry"
    name = "model.delete_tag"

    model_name: str
    tag: str
    idempotency_key: str | None = None


class RemoveAlias(Request[ModelView], frozen=True, kw_only=True):
    """Nothing happens if there is no such alias."""

    service = "registry"
    name = "alias.remove"

    model_name: str
    alias: str
    idempotency_key: str | None = None


class DeleteModel(Request[Done], frozen=True, kw_only=True):
    """With its versions and aliases. The name may be used again."""

    service = "registry"
    name = "model.delete"

    model_name: str
    idempotency_key: str | None = None


class RegisterVersion(Request[VersionView], frozen=True, kw_only=True):
    """The next version of a model. `source` is where its files are: of a run `runs:/<id>/<path>`, of another version
    `models:/<name>/<version>`, or any storage address."""

    service = "registry"
    name = "version.register"

    model_name: str
    source: str
    run_id: str | None = None
    description: str = ""
    tags: dict[str, str] = {}
    idempotency_key: str | None = None


class DescribeVersion(Request[VersionView], frozen=True, kw_only=True):
    service = "registry"
    name = "version.describe"

    model_name: str
    version: str
    description: str
    idempotency_key: str | None = None


class SetVersionTag(Request[VersionView], frozen=True, kw_only=True):
    """A new tag, or a new text of one."""

    service = "registry"
    name = "version.set_tag"

    model_name: str
    version: str
    tag: str
    value: str
    idempotency_key: str | None = None


class DeleteVersionTag(Request[VersionView], frozen=True, kw_only=True):
    """Nothing happens if there is no such tag."""

    service = "registry"
    name = "version.delete_tag"

    model_name: str
    version: str
    tag: str
    idempotency_key: str | None = None


class MoveVersion(Request[VersionView], frozen=True, kw_only=True):
    """To one of MLflow's older stages: None, Staging, Production or Archived. `archive_others`: what was in that stage
    goes to Archived."""

    service = "registry"
    name = "version.move"

    model_name: str
    version: str
    stage: str
    archive_others: bool = False
    idempotency_key: str | None = None


class DeleteVersion(Request[Done], frozen=True, kw_only=True):
    """With the aliases that point at it."""

    service = "registry"
    name = "version.delete"

    model_name: str
    version: str
    idempotency_key: str | None = None
