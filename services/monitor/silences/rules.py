"""When no alert may open, continue or resolve: set with a reason, ended by itself or by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from services.contracts.alerts import MAX_TEXT
from services.contracts.errors import Invalid, NotAllowedNow
from services.contracts.silences import SetSilence, SilenceEnded, SilenceSet, SilenceView

LONGEST: Final = timedelta(days=90)


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """A document that changes by compare-and-set on its revision `r`; `v` is the number of its newest event.

    `start_ms`, `end_ms` are for finding those that overlap a window.
    """

    id: str = msgspec.field(name="_id")
    v: int
    r: int = 1
    model_name: str | None
    version: str | None
    rule: str | None
    start: datetime
    end: datetime
    start_ms: int
    end_ms: int
    reason: str
    by: str
    created_at: datetime
    ended_by: str | None = None


def silence_set(silence_id: str, request: SetSilence, by: str, now: datetime) -> tuple[Silence, SilenceSet]:
    """Raises Invalid for a time that is none, or too long, and for a version without its model."""
    for field, moment in (("start", request.start), ("end", request.end)):
        if moment.tzinfo is None:
            raise Invalid(f"{field} needs a time zone", code="NO_TIME_ZONE", field=field)
    if request.end <= request.start:
        raise Invalid("it ends before it starts", code="OUT_OF_RANGE", field="end")
    if request.end - request.start > LONGEST:
        raise Invalid(
            f"a silence lasts at most {LONGEST.days} days",
            code="OUT_OF_RANGE",
            field="end",
            fix="Disable the rule if nobody wants its alerts.",
        )
    if request.version is not None and request.model_name is None:
        raise Invalid("a version needs its model", code="MISSING_VALUE", field="model_name")
    if not request.reason.strip():
        raise Invalid("say why", code="MISSING_VALUE", field="reason")
    if len(request.reason) > MAX_TEXT:
        raise Invalid(f"at most {MAX_TEXT} characters", code="TOO_LONG", field="reason")
    silence = Silence(
        id=silence_id,
        v=1,
        model_name=request.model_name,
        version=request.version,
        rule=request.rule,
        start=request.start,
        end=request.end,
        start_ms=_ms(request.start),
        end_ms=_ms(request.end),
        reason=request.reason,
        by=by,
        created_at=now,
    )
    return silence, SilenceSet(
        silence_id=silence_id,
        model_name=request.model_name,
        version=request.version,
        rule=request.rule,
        start=request.start,
        end=request.end,
        reason=request.reason,
        by=by,
    )


def silence_ended(silence: Silence, by: str, now: datetime) -> tuple[Silence, SilenceEnded]:
    """Raises NotAllowedNow when it is over. One that hasn't begun ends where it starts: it silences nothing."""
    if silence.ended_by is not None or now >= silence.end:
        raise NotAllowedNow("this silence is over", code="ALREADY_ENDED")
    end = max(now, silence.start)
    after = msgspec.structs.replace(silence, v=silence.v + 1, end=end, end_ms=_ms(end), ended_by=by)
    return after, SilenceEnded(silence_id=silence.id, end=end, by=by)


def silence_view(silence: Silence) -> SilenceView:
    return SilenceView(
        id=silence.id,
        revision=silence.r,
        model_name=silence.model_name,
        version=silence.version,
        rule=silence.rule,
        start=silence.start,
        end=silence.end,
        reason=silence.reason,
        by=silence.by,
        created_at=silence.created_at,
        ended_by=silence.ended_by,
    )


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
