"""What a request for retraining goes through: open, a run under way, answered by it and its version, or declined."""

from __future__ import annotations

import msgspec

from services.contracts.errors import Conflict, Invalid, NotAllowedNow, TooLarge
from services.contracts.retraining import (
    BackTo,
    RetrainingAnswered,
    RetrainingCause,
    RetrainingDeclined,
    RetrainingOpened,
    RetrainingRunFailed,
    RetrainingStarted,
    RetrainingState,
    RetrainingView,
)
from services.registry.runs.times import moment
from services.registry.values import Aggregate

TEXT_LENGTH = 8000
UNANSWERED: tuple[RetrainingState, ...] = ("open", "running")
FINISHED = "FINISHED"

DRIFT_METRICS = frozenset(
    {"feature_drift", "prediction_drift", "multivariate_drift", "missing", "unseen", "out_of_range", "type_errors"}
)
"""An alert about the data leads back to gathering them; one about performance to building."""


class Retraining(Aggregate, frozen=True, kw_only=True):
    """`waiting` as long as nothing has answered it: one such request a version, which an index enforces."""

    model_name: str
    version: str
    cause: RetrainingCause
    cause_id: str
    reason: str
    back_to: BackTo
    state: RetrainingState
    waiting: bool
    requested: int
    requested_by: str
    run_id: str | None = None
    new_version: str | None = None
    note: str = ""
    answered: int | None = None
    answered_by: str = ""


def opened(
    retraining_id: str,
    *,
    model_name: str,
    version: str,
    cause: RetrainingCause,
    cause_id: str,
    reason: str,
    back_to: BackTo,
    now: int,
    who: str,
) -> tuple[Retraining, RetrainingOpened]:
    event = RetrainingOpened(
        retraining_id=retraining_id,
        model_name=model_name,
        version=version,
        cause=cause,
        cause_id=cause_id,
        reason=_text("reason", reason),
        back_to=back_to,
        by=who,
    )
    retraining = Retraining(
        id=retraining_id,
        v=1,
        model_name=model_name,
        version=version,
        cause=cause,
        cause_id=cause_id,
        reason=event.reason,
        back_to=back_to,
        state="open",
        waiting=True,
        requested=now,
        requested_by=who,
    )
    return retraining, event


def started(retraining: Retraining, run_id: str, who: str) -> tuple[Retraining, RetrainingStarted] | None:
    """By a run that says so. None if it is known, or the request is answered already."""
    if retraining.state not in UNANSWERED or retraining.run_id == run_id:
        return None
    event = RetrainingStarted(
        retraining_id=retraining.id,
        model_name=retraining.model_name,
        version=retraining.version,
        run_id=run_id,
        by=who,
    )
    return _next(retraining, state="running", run_id=run_id), event


def run_ended(
    retraining: Retraining, run_id: str, status: str, now: int, who: str
) -> tuple[Retraining, RetrainingAnswered | RetrainingRunFailed] | None:
    """A finished run answers the request; any other end leaves it open. None if that is known."""
    if retraining.state not in UNANSWERED:
        return None
    if status == FINISHED:
        return _answered(retraining, run_id, "", now, who)
    if retraining.run_id != run_id:
        return None
    event = RetrainingRunFailed(
        retraining_id=retraining.id,
        model_name=retraining.model_name,
        version=retraining.version,
        run_id=run_id,
        status=status,
    )
    return _next(retraining, state="open", run_id=None), event


def answered(
    retraining: Retraining, run_id: str, status: str, note: str, *, expected: int | None, now: int, who: str
) -> tuple[Retraining, RetrainingAnswered]:
    """By a person who names the run. Raises NotAllowedNow if the run hasn't finished or nothing waits."""
    _expect(retraining, expected)
    _waiting(retraining)
    if status != FINISHED:
        raise NotAllowedNow(f"the run is {status}, not {FINISHED}", code="RUN_NOT_FINISHED", field="run_id")
    return _answered(retraining, run_id, _text("note", note, empty=True), now, who)


def _answered(
    retraining: Retraining, run_id: str, note: str, now: int, who: str
) -> tuple[Retraining, RetrainingAnswered]:
    after = _next(retraining, state="answered", waiting=False, run_id=run_id, note=note, answered=now, answered_by=who)
    return after, _told(after)


def became_version(retraining: Retraining, version: str) -> tuple[Retraining, RetrainingAnswered] | None:
    """The run that answered it was registered. None if a version is known."""
    if retraining.state != "answered" or retraining.new_version is not None:
        return None
    after = _next(retraining, new_version=version)
    return after, _told(after)


def _told(retraining: Retraining) -> RetrainingAnswered:
    return RetrainingAnswered(
        retraining_id=retraining.id,
        model_name=retraining.model_name,
        version=retraining.version,
        run_id=retraining.run_id or "",
        new_version=retraining.new_version,
        note=retraining.note,
        by=retraining.answered_by,
    )


def declined(
    retraining: Retraining, reason: str, *, expected: int | None, now: int, who: str
) -> tuple[Retraining, RetrainingDeclined]:
    _expect(retraining, expected)
    _waiting(retraining)
    event = RetrainingDeclined(
        retraining_id=retraining.id,
        model_name=retraining.model_name,
        version=retraining.version,
        reason=_text("reason", reason),
        by=who,
    )
    after = _next(retraining, state="declined", waiting=False, note=event.reason, answered=now, answered_by=who)
    return after, event


def exists(model_name: str, version: str) -> NotAllowedNow:
    return NotAllowedNow(
        f"retraining of {model_name} {version} was asked for already",
        code="RETRAINING_EXISTS",
        fix="Answer or decline that request first.",
    )


def _waiting(retraining: Retraining) -> None:
    if retraining.state not in UNANSWERED:
        raise NotAllowedNow(f"the request is {retraining.state}", code="RETRAINING_CLOSED", fix="Open a new one.")


def _expect(retraining: Retraining, expected: int | None) -> None:
    if expected is not None and expected != retraining.v:
        raise Conflict(
            f"the request has changed meanwhile: it is at revision {retraining.v}, not {expected}",
            code="CHANGED_MEANWHILE",
            field="expected",
            fix="Load it, look at the change, and try again.",
        )


def _text(path: str, text: str, *, empty: bool = False) -> str:
    text = text.strip()
    if not text and not empty:
        raise Invalid(f"{path} is empty", field=path, fix="Say it in a few words.")
    if len(text) > TEXT_LENGTH:
        raise TooLarge(f"{path} has {len(text)} characters; the most is {TEXT_LENGTH}", field=path)
    return text


def _next(retraining: Retraining, **changes: object) -> Retraining:
    return msgspec.structs.replace(retraining, v=retraining.v + 1, **changes)


def view(retraining: Retraining) -> RetrainingView:
    return RetrainingView(
        id=retraining.id,
        model_name=retraining.model_name,
        version=retraining.version,
        cause=retraining.cause,
        cause_id=retraining.cause_id,
        reason=retraining.reason,
        back_to=retraining.back_to,
        state=retraining.state,
        requested_by=retraining.requested_by,
        requested_at=moment(retraining.requested),
        run_id=retraining.run_id,
        new_version=retraining.new_version,
        note=retraining.note,
        answered_by=retraining.answered_by,
        answered_at=None if retraining.answered is None else moment(retraining.answered),
        revision=retraining.v,
    )
