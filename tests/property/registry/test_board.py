"""Whatever is done to a board, it is what its events fold to, at every moment."""

from datetime import UTC, date, datetime
from itertools import pairwise

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.errors import Rejected
from services.contracts.projects import Proof
from services.registry.projects import board, rules, templates
from services.registry.projects.project import BoardEvent, Project, applied, folded, started
from services.registry.projects.rules import Found
from services.registry.runs.times import moment

TEMPLATE = templates.template(templates.NEWEST)
assert TEMPLATE is not None
STAGES = [stage.key for stage in TEMPLATE.stages]
ITEMS = [item.key for stage in TEMPLATE.stages for item in stage.items]
NOW = 1_800_000_000_000

words = st.text("ab ", max_size=3)
commands = st.one_of(
    st.tuples(st.just("answer"), st.sampled_from(ITEMS), words),
    st.tuples(st.just("waive"), st.sampled_from(ITEMS), words),
    st.tuples(st.just("find"), st.sampled_from(ITEMS), st.sampled_from(["good", "bad", "lapsed"]), st.integers(1, 4)),
    st.tuples(st.just("back"), st.sampled_from(STAGES), st.sampled_from(STAGES)),
    st.tuples(st.just("confirm"), st.sampled_from(STAGES)),
    st.tuples(st.just("milestone"), st.sampled_from("mn"), st.booleans(), st.booleans()),
    st.tuples(st.just("assume"), st.sampled_from("mn"), st.sampled_from(["open", "verified", "refuted"]), words),
    st.tuples(st.just("archive"), st.booleans()),
)


def decide(project: Project, command: tuple[object, ...], now: int) -> BoardEvent | None:
    match command:
        case ("answer", item, text):
            return rules.answered(project, now, "anna", item=item, text=text, fields={})  # type: ignore[arg-type]
        case ("waive", item, text):
            return rules.waived(project, now, "anna", item=item, reason=text)  # type: ignore[arg-type]
        case ("find", item, verdict, number):
            proof = Proof(kind="run", id=str(number))
            found = Found(item=item, about=f"run:{number}", verdict=verdict, proof=proof)  # type: ignore[arg-type]
            return rules.evidence_found(project, now, "service", found, None, "e")
        case ("back", stage, to):
            return rules.moved_back(project, now, "anna", stage=stage, to=to, reason="new data")  # type: ignore[arg-type]
        case ("confirm", stage):
            return rules.confirmed(project, now, "anna", stage=stage, reason="stands")  # type: ignore[arg-type]
        case ("milestone", key, done, drop):
            return rules.milestone_set(
                project, now, "anna", milestone=str(key), title="t", owner="o", due=date(2027, 1, 1),
                done=bool(done), drop=bool(drop),
            )  # fmt: skip
        case ("assume", key, status, note):
            return rules.assumption_set(
                project, now, "anna", assumption=str(key), text="t", status=status, proofs=[],  # type: ignore[arg-type]
                note=str(note), consequence="",
            )  # fmt: skip
        case ("archive", archived):
            return rules.updated(project, now, "anna", archived=bool(archived))
    raise AssertionError(command)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(commands, st.integers(-5, 1000)), max_size=40))
def test_a_board_is_what_its_events_fold_to_at_every_moment(steps: list[tuple[tuple[object, ...], int]]) -> None:
    first = rules.created("p", "P", "", [], None, NOW, "anna")
    events: list[BoardEvent] = [first]
    boards = [started(first)]
    now = NOW
    for command, later in steps:
        now += later
        try:
            event = decide(boards[-1], command, now)
        except Rejected:
            continue
        if event is not None:
            events.append(event)
            boards.append(applied(boards[-1], event))
    wired = [msgspec.json.decode(msgspec.json.encode(event), type=type(event)) for event in events]
    for count, expected in enumerate(boards, 1):
        assert folded(wired[:count]) == expected
        assert expected.v == count
    assert all(one.at <= next_.at for one, next_ in pairwise(events))
    view = board.view(boards[-1], moment(now))
    for stage in view.stages:
        bad = any(item.state == "bad" for item in stage.items)
        assert bad == (stage.state == "needs_attention") == bool(stage.attention)
        if stage.state == "done":
            assert not stage.again
            assert all(item.state in ("done", "waived") or item.optional for item in stage.items)
    assert board.summary(boards[-1], datetime(2028, 1, 1, tzinfo=UTC)).stages == [stage.state for stage in view.stages]
