"""What is shown below an object of the past: as it was, or an error that says that only the present is known."""

from __future__ import annotations

from datetime import datetime

import msgspec

from services.contracts.alerts import AlertState, AlertView
from services.contracts.errors import Invalid, NotAllowedNow

ONLY_NOW = " With `asOf` an error, `ONLY_NOW`: only the present is known."
"""For descriptions of fields that have no past."""


def only_now(as_of: datetime | None, what: str) -> None:
    """Raises NotAllowedNow below an object of the past."""
    if as_of is not None:
        raise NotAllowedNow(
            f"{what} can only be told as things are now, not as they were at {as_of.isoformat()}",
            code="ONLY_NOW",
            fix="Leave the field out, or ask for the object without `asOf`.",
        )


def unfiltered(as_of: datetime | None, *asked: object) -> None:
    """Raises Invalid if a list of the past is to be filtered or ordered: that would compare what is now."""
    if as_of is not None and any(asked):
        raise Invalid("with `asOf`, this list has no filter and no order", field="where", fix="Leave them out.")


def alert_then(alert: AlertView, at: datetime) -> AlertView:
    """An alert as it was: what was decided and said later is left out, and what can't be told of then is empty."""
    if alert.updated_at <= at:
        return alert
    acknowledged = alert.acknowledged_at is not None and alert.acknowledged_at <= at
    resolved = alert.resolved_at is not None and alert.resolved_at <= at
    state: AlertState = "resolved" if resolved else "acknowledged" if acknowledged else "open"
    asked = alert.retraining_requested_at
    return msgspec.structs.replace(
        alert,
        state=state,
        windows=[],
        causes=[],
        acknowledged_by=alert.acknowledged_by if acknowledged else None,
        acknowledged_at=alert.acknowledged_at if acknowledged else None,
        acknowledge_note=alert.acknowledge_note if acknowledged else "",
        resolved_by=alert.resolved_by if resolved else None,
        resolved_at=alert.resolved_at if resolved else None,
        resolution=alert.resolution if resolved else None,
        resolve_reason=alert.resolve_reason if resolved else "",
        retraining_requested_at=asked if asked is not None and asked <= at else None,
        comments=[comment for comment in alert.comments if comment.at <= at],
    )
