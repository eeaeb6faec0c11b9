"""Lists the files of runs, logged models and model versions to other services, and lets them look into files."""

from __future__ import annotations

from services.contracts.errors import Invalid, NotFound, Unsupported
from services.contracts.paging import Edge, Page
from services.contracts.registry.artifacts import (
    MOST_PREVIEW_BYTES,
    ArtifactOwner,
    ArtifactPreview,
    ArtifactView,
    GetArtifact,
    ListArtifacts,
    PreviewArtifact,
)
from services.registry.artifacts import rules
from services.registry.artifacts.handlers import Artifacts
from services.registry.artifacts.preview import bytes_needed, media_type_of, preview
from services.registry.artifacts.rules import Item
from services.registry.logged_models.handlers import LoggedModels
from services.registry.models.versions import Versions
from services.registry.runs.handlers import Runs
from services.registry.runs.times import moment
from services.runtime.context import Context


class Browsing:
    def __init__(self, artifacts: Artifacts, runs: Runs, logged_models: LoggedModels, versions: Versions) -> None:
        self._artifacts = artifacts
        self._runs = runs
        self._logged_models = logged_models
        self._versions = versions

    async def page(self, request: ListArtifacts, context: Context) -> Page[ArtifactView]:
        """What lies directly in a directory, by name."""
        root = await self._root(context, request.owner)
        directory = rules.clean_path(request.path or "")
        page = await self._artifacts.page(context, rules.joined(root, directory), request)
        edges = [Edge(cursor=edge.cursor, node=_view(request.owner, directory, edge.node)) for edge in page.edges]
        return Page(edges=edges, has_next=page.has_next, has_previous=page.has_previous, total=page.total)

    async def get(self, request: GetArtifact, context: Context) -> ArtifactView:
        """One file or directory."""
        root = await self._root(context, request.owner)
        path = rules.file_path(request.path.rstrip("/"))
        item = await self._artifacts.item(context, rules.joined(root, path))
        if item is None:
            raise NotFound(f"No such artifact: '{path}'", field="path")
        return _view(request.owner, rules.split(path)[0], item)

    async def preview(self, request: PreviewArtifact, context: Context) -> ArtifactPreview:
        """The beginning of a file, or the image that it is."""
        if not 1 <= request.most <= MOST_PREVIEW_BYTES:
            raise Invalid(f"{request.most} bytes", field="most", fix=f"Ask for 1 to {MOST_PREVIEW_BYTES}.")
        root = await self._root(context, request.owner)
        artifact = await self._artifacts.find(context, rules.joined(root, rules.file_path(request.path)))
        head = bytearray()
        async for chunk in self._artifacts.content(artifact, 0, min(artifact.size, bytes_needed(request.most))):
            head += chunk
        return preview(artifact.name, artifact.size, bytes(head), request.most)

    async def _root(self, context: Context, owner: ArtifactOwner) -> str:
        """Where the owner's files lie in our storage."""
        if owner.run_id is not None:
            location = (await self._runs.get(context, owner.run_id)).artifact_uri
        elif owner.logged_model_id is not None:
            location = (await self._logged_models.get(context, owner.logged_model_id)).artifact_location
        elif owner.model_name is not None and owner.version is not None:
            location = await self._location(context, owner.model_name, owner.version)
        else:
            raise Invalid(
                "an artifact belongs to a run, a logged model or a version", field="owner", fix="Name one of them."
            )
        root = rules.served_path(location)
        if root is None:
            raise Unsupported("these files lie in storage that only the client opens", field="owner")
        return root

    async def _location(self, context: Context, model: str, version: str) -> str:
        if version.startswith("@"):
            return (await self._versions.by_alias(context, model, version[1:])).storage_location
        return (await self._versions.get(context, model, version)).storage_location


def _view(owner: ArtifactOwner, directory: str, item: Item) -> ArtifactView:
    return ArtifactView(
        owner=owner,
        path=rules.joined(directory, item.name),
        name=item.name,
        is_directory=item.size is None,
        size=item.size,
        media_type=None if item.size is None else media_type_of(item.name),
        sha256=item.sha256,
        stored_at=None if item.stored is None else moment(item.stored),
    )
