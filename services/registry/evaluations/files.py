"""Evaluations that an unmodified MLflow client logs as a file: `mlflow.log_dict(…, "lifecycle/evaluation.json")`."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace

import msgspec

from services.contracts.base import Envelope
from services.contracts.errors import Conflict, NotAllowedNow, NotFound, Rejected
from services.contracts.evaluations import RecordEvaluation
from services.contracts.identity import Principal, Role
from services.contracts.registry import ArtifactStored, GetRuns, RunView
from services.registry.artifacts.handlers import Artifacts
from services.registry.evaluations.handlers import Evaluations
from services.registry.runs.handlers import Runs
from services.registry.runs.queries import RunQueries
from services.registry.runs.rules import Batch
from services.registry.values import KeyValue
from services.runtime.context import Context
from services.runtime.outbox import Change

FILE = re.compile(r"(?:[^/]+/)*(?P<run>[^/]+)/artifacts/lifecycle/evaluation[^/]*\.json")
MOST_BYTES = 8 * 1024 * 1024
PROBLEM_TAG = "lifecycle.evaluation_problem"
"""Set on a run whose file couldn't be taken in: what is wrong with it, in words."""
PROBLEM_LENGTH = 1000


class EvaluationFiles:
    def __init__(self, evaluations: Evaluations, artifacts: Artifacts, runs: Runs, queries: RunQueries) -> None:
        self._evaluations = evaluations
        self._artifacts = artifacts
        self._runs = runs
        self._queries = queries

    async def take_in(self, envelopes: list[Envelope], change: Change) -> None:
        """Records what the files say, beside the change: a repeat has no second effect."""
        for envelope in envelopes:
            if envelope.type == ArtifactStored.type():
                event = msgspec.json.decode(envelope.data, type=ArtifactStored)
                named = FILE.fullmatch(event.path)
                if named is not None:
                    await self._take(event, named["run"], change.context)

    async def _take(self, event: ArtifactStored, run_id: str, context: Context) -> None:
        [run] = await self._queries.get(GetRuns(ids=[run_id]), context)
        if run is None:
            return
        owner = replace(context, principal=Principal(user=run.user, role=Role.CONTRIBUTOR, via="service"))
        try:
            await self._record(event, run, owner)
        except NotFound:
            return  # the file is gone, or another has taken its place: that one has an event of its own
        except (Rejected, msgspec.MsgspecError) as error:
            await self._tell(run, str(error), context)

    async def _record(self, event: ArtifactStored, run: RunView, owner: Context) -> None:
        if event.size > MOST_BYTES:
            raise Conflict(f"{event.path} has {event.size} bytes; the most is {MOST_BYTES}")
        artifact = await self._artifacts.find(owner, event.path)
        if artifact.sha256 != event.sha256:
            raise NotFound("another file has taken its place")
        content = b"".join([chunk async for chunk in self._artifacts.content(artifact)])
        stated = msgspec.json.decode(content, type=RecordEvaluation, strict=False)
        request = msgspec.structs.replace(
            stated, model_name=None, version=None, run_id=run.id, idempotency_key=f"file/{event.sha256}/{run.id}"
        )
        await self._evaluations.record(request, owner)

    async def _tell(self, run: RunView, problem: str, context: Context) -> None:
        tag = KeyValue(PROBLEM_TAG, problem[:PROBLEM_LENGTH])
        with contextlib.suppress(NotAllowedNow):  # deleted meanwhile
            await self._runs.log(context, run.id, Batch(tags=[tag]))
