"""Looks up what there is to be seen of a version besides its content: figures, verdicts of gates, documents."""

from __future__ import annotations

import hashlib
import json

from services.contracts.reviews import PartKind, slice_key
from services.registry.evaluations.handlers import Evaluations
from services.registry.gates.handlers import Gates
from services.registry.projects.handlers import Projects
from services.registry.projects.project import Project
from services.registry.reviews import grounds
from services.registry.reviews.content import Content
from services.registry.reviews.grounds import Figures, Grounds
from services.registry.reviews.rules import Review
from services.registry.values import KeyValue
from services.runtime.context import Context


class Sights:
    def __init__(self, evaluations: Evaluations, gates: Gates, projects: Projects) -> None:
        self._evaluations = evaluations
        self._gates = gates
        self._projects = projects

    async def of(self, content: Content, context: Context) -> Grounds:
        """All that a decision may stand on."""
        version = content.version
        policy = await self._gates.policy_for(version.model_name, context)
        project = await self._projects.board_of(policy.project_id)
        result = await self._gates.newest(version.model_name, version.version)
        asked_for = {name for gate in policy.gates for name in gate.documents}
        return Grounds(
            evaluations=await self._figures(content),
            project=project.id,
            documents=_documents(project, asked_for),
            gates=None if result is None else result.number,
            gates_passed=result is not None and result.passed,
        )

    async def now(self, review: Review, content: Content, project: Project | None = None) -> Grounds | None:
        """What may have changed of what this review's approvals have seen; None if they stand on nothing else.

        `project`: as it will be, if it is about to change.
        """
        seen = [entry.seen for entry in review.decisions if entry.decision == "approve" and entry.seen is not None]
        if not seen:
            return None
        asked_for = {document.k for one in seen for document in one.documents}
        if asked_for and project is None:
            project = await self._projects.board_of(seen[-1].project)
        documents = [] if project is None else _documents(project, asked_for)
        return Grounds(evaluations=await self._figures(content), project=seen[-1].project, documents=documents)

    async def parts(self, content: Content, kind: PartKind, context: Context) -> list[str]:
        """Keys of the parts of this kind that the version has: what its comments can be about."""
        version = content.version
        match kind:
            case "gate":
                return await self._gate_names(content, context)
            case "parameter":
                return list(version.params)
        evaluation = await self._evaluations.final(version.model_name, version.version, version.run_id)
        if kind == "slice":
            return [] if evaluation is None else [slice_key(one.feature, one.value) for one in evaluation.slices]
        return list({**version.metrics, **({} if evaluation is None else evaluation.metrics)})

    async def _gate_names(self, content: Content, context: Context) -> list[str]:
        """Of the gates that judged it last, and of those that would now."""
        result = await self._gates.newest(content.version.model_name, content.version.version)
        policy = await self._gates.policy_for(content.version.model_name, context)
        judged = [] if result is None else [verdict.gate for verdict in result.all()]
        return list(dict.fromkeys(gate.name for gate in [*judged, *policy.gates, *policy.derived]))

    async def _figures(self, content: Content) -> list[Figures]:
        version = content.version
        found = await self._evaluations.newest(version.model_name, version.version, version.run_id)
        return grounds.newest(
            grounds.figures(
                entry.id,
                entry.split_name,
                entry.split_key,
                entry.figures or entry.id,
                summary.metrics,
                sealed=entry.sealed,
            )
            for entry, summary in found
        )


def _documents(project: Project, items: set[str]) -> list[KeyValue]:
    """Of those items that somebody answered or waived: a digest of what was said."""
    found = []
    for item in sorted(items):
        record = project.record(item)
        said = record.answer or record.waiver
        if said is not None:
            content = json.dumps([said.text, sorted([field.k, field.v] for field in said.fields)])
            found.append(KeyValue(item, hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()))
    return found
