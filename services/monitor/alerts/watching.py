"""Between windows: which subjects of a rule have fired for long enough, and whether that opens or ends an alert.

One odd window is no alarm, one good window no recovery, and what comes back soon is the same alert.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import inf
from typing import Literal

import msgspec

from services.contracts.alert_rules import AlertRule
from services.monitor.detectors import sequential
from services.monitor.detectors.sequential import Detector

Outcome = Literal["open", "reopen", "firing", "quiet", "resolve"]

HISTORY = 28
"""Windows whose rows are remembered as what is usual."""

CONTRADICTED = 0.5
"""A window with a larger p-value speaks against the change: whatever came before, it is quiet."""

MOST_PATIENCE = 30
"""Windows, at most, that must be quiet before an alert that keeps coming back resolves."""


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What one rule of one version remembers.

    `streaks`: per subject the windows in a row in which it fired; `began`: start of the first of them, in ms.
    `returns`: how often the alert came back; each time doubles how long it must be quiet to resolve, and how long it
    is remembered. `quiet`: windows in which nothing fired since it last fired for long enough. `alert`: the one that
    isn't resolved. `former`: the one that resolved by itself last, `since` so many windows ago. `muted`: somebody
    resolved it while it was firing, so it keeps quiet until it was quiet once. `upto`: start of the newest window
    judged. `rows`: of the windows before, oldest first (volume). `evidence`: per subject the logarithm of its
    sequential detector; `certain`: over which it alarms. `told`: per subject that fired for long enough, the start of
    the newest window in which it did, in ms.
    """

    streaks: dict[str, int] = {}
    began: dict[str, int] = {}
    quiet: int = 0
    returns: int = 0
    alert: str | None = None
    former: str | None = None
    since: int = 0
    muted: bool = False
    upto: int = -1
    rows: list[int] = []
    evidence: dict[str, float] = {}
    certain: list[str] = []
    told: dict[str, int] = {}


def weighing(watch: Watch, p_values: Mapping[str, float]) -> Watch:
    """Adds a window's evidence: `certain` are the subjects over which a sequential detector alarms, if this window goes
    with it."""
    evidence: dict[str, float] = {}
    for name, p in p_values.items():
        detector = sequential.step(Detector(log_value=watch.evidence.get(name, -inf)), p)
        evidence[name] = detector.bounded(len(p_values)).log_value
    certain = sorted(
        name
        for name, value in evidence.items()
        if p_values[name] <= CONTRADICTED and Detector(log_value=value).alarms(len(p_values))
    )
    return msgspec.structs.replace(watch, evidence=evidence, certain=certain)


def step(watch: Watch, rule: AlertRule, subjects: Collection[str], start_ms: int) -> tuple[Watch, Outcome | None]:
    """The state after one more window in which `subjects` fired, and what happens to the alert.

    A subject has fired for long enough after `open_after` windows in a row, or when it is `certain`.
    `open` and `reopen` leave it to the caller to put the alert's id into the state.
    """
    streaks = {name: watch.streaks.get(name, 0) + 1 for name in subjects}
    after = msgspec.structs.replace(
        watch,
        streaks=streaks,
        began={name: watch.began.get(name, start_ms) for name in subjects},
        upto=start_ms,
        since=min(watch.since + 1, 10_000),
    )
    lasting = persistent(after, rule)
    if lasting:
        return _firing(msgspec.structs.replace(after, told={**watch.told, **dict.fromkeys(lasting, start_ms)}), rule)
    if not subjects:  # a subject that flickers neither counts as quiet nor starts the count again
        after = msgspec.structs.replace(after, muted=False, quiet=min(watch.quiet + 1, 10_000))
    if after.alert is None:
        return after, None
    if after.quiet < patience(watch, rule.resolve_after):
        return after, "quiet"
    return msgspec.structs.replace(after, alert=None, former=after.alert, since=0), "resolve"


def patience(watch: Watch, windows: int) -> int:
    """`windows`, doubled for each time the alert came back, up to MOST_PATIENCE."""
    return max(windows, min(windows << min(watch.returns, 10), MOST_PATIENCE))


def persistent(watch: Watch, rule: AlertRule) -> list[str]:
    """Subjects that have fired in enough windows in a row, the longest first, and those that are certain."""
    lasting = sorted((-streak, name) for name, streak in watch.streaks.items() if streak >= rule.open_after)
    names = [name for _, name in lasting]
    return [*names, *(name for name in watch.certain if name not in names)]


def first_of(watch: Watch, rule: AlertRule) -> int:
    """Start of the first window of the streaks that last."""
    return min((watch.began.get(name, watch.upto) for name in persistent(watch, rule)), default=watch.upto)


def resolved_by_hand(watch: Watch, rule: AlertRule) -> Watch:
    """Nothing opens until the rule was quiet once."""
    return msgspec.structs.replace(
        watch, alert=None, former=None, muted=bool(persistent(watch, rule)), quiet=0, returns=0
    )


def remembering(watch: Watch, rows: int) -> Watch:
    return msgspec.structs.replace(watch, rows=[*watch.rows, rows][-HISTORY:])


def _firing(watch: Watch, rule: AlertRule) -> tuple[Watch, Outcome | None]:
    after = msgspec.structs.replace(watch, quiet=0)
    if after.alert is not None:
        return after, "firing"
    if after.muted:
        return after, None
    if after.former is not None and after.since <= patience(watch, rule.reopen_within):
        return msgspec.structs.replace(after, returns=watch.returns + 1), "reopen"
    return msgspec.structs.replace(after, returns=0), "open"
