"""What MLflow's clients send about artifacts (mlflow/protos/service.proto and mlflow_artifacts.proto)."""

from __future__ import annotations

from services.registry.mlflow_api.wire import Int64, Message, Part


class ListArtifacts(Message, frozen=True, kw_only=True):
    required = ("run_id",)
    run_id: str | None = None
    run_uuid: str | None = None
    path: str | None = None
    page_token: str | None = None


class ListLoggedModelArtifacts(Message, frozen=True, kw_only=True):
    artifact_directory_path: str | None = None
    page_token: str | None = None


class ListStored(Message, frozen=True, kw_only=True):
    path: str | None = None


class PresignedUpload(Message, frozen=True, kw_only=True):
    required = ("path",)
    run_id: str | None = None
    model_id: str | None = None
    path: str | None = None
    expiration: Int64 | None = None


class PresignedDownload(Message, frozen=True, kw_only=True):
    required = ("run_id", "path")
    run_id: str | None = None
    path: str | None = None
    expiration: Int64 | None = None


class CreateMultipartUpload(Message, frozen=True, kw_only=True):
    """`path` is the file on the client's side: only its name matters."""

    required = ("path",)
    path: str | None = None
    num_parts: Int64 | None = None


class PartEntry(Part, frozen=True, kw_only=True):
    part_number: Int64 | None = None
    etag: str | None = None
    url: str | None = None


class CompleteMultipartUpload(Message, frozen=True, kw_only=True):
    required = ("path", "upload_id", "parts")
    path: str | None = None
    upload_id: str | None = None
    parts: list[PartEntry] | None = None


class AbortMultipartUpload(Message, frozen=True, kw_only=True):
    required = ("path", "upload_id")
    path: str | None = None
    upload_id: str | None = None
