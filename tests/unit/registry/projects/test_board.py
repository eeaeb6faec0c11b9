"""What people and evidence do to a board."""

from datetime import UTC, date, datetime

import pytest

from services.contracts.errors import Conflict, Invalid, NotAllowedNow, NotFound, TooLarge
from services.contracts.projects import Pattern, Proof, Thing
from services.registry.projects import board, rules
from tests.unit.registry.projects.boards import DAY, NOW, after, answered, evidence, found, new, state, ticked

WHO = "anna"


def test_a_new_project_has_not_started_anywhere() -> None:
    project = new()
    assert {state(project, stage.key) for stage in project.template.stages} == {"not_started"}


def test_a_stage_is_in_progress_with_one_answer_and_done_with_all() -> None:
    project = answered(new(), "human_solution")
    assert state(project, "translation") == "in_progress"
    project = answered(project, "task_type", task="classification")
    project = answered(project, "metrics", metric="auc", direction="higher")
    project = evidence(project, found("baseline"))
    project = evidence(project, found("similar_projects"))
    assert ticked(project, "expert_level") == "open"
    assert state(project, "translation") == "done"


def test_an_evidence_item_and_a_check_cant_be_ticked_or_waived_by_hand() -> None:
    for item in ("baseline", "gates"):
        with pytest.raises(NotAllowedNow) as refused:
            rules.answered(new(), NOW, WHO, item=item, text="done, trust me", fields={})
        assert refused.value.code == "TICKED_BY_EVIDENCE"
        with pytest.raises(NotAllowedNow):
            rules.waived(new(), NOW, WHO, item=item, reason="no time")


def test_an_answer_is_waived_with_a_reason_and_a_name() -> None:
    project = new()
    project = after(project, rules.waived(project, NOW, WHO, item="workaround", reason="there is none"))
    waiver = project.record("workaround").waiver
    assert waiver is not None
    assert (waiver.text, waiver.by, ticked(project, "workaround")) == ("there is none", WHO, "waived")
    with pytest.raises(Invalid):
        rules.waived(project, NOW, WHO, item="use", reason="  ")


def test_an_answer_after_a_waiver_takes_the_waiver_back_and_an_empty_one_reopens() -> None:
    project = new()
    project = after(project, rules.waived(project, NOW, WHO, item="use", reason="later"))
    project = answered(project, "use", "a daily mail")
    assert (ticked(project, "use"), project.record("use").waiver) == ("done", None)
    project = answered(project, "use", "")
    assert ticked(project, "use") == "open"


def test_fields_of_an_answer_are_checked_one_by_one() -> None:
    project = new()
    for fields, wrong in (
        ({"metric": "auc"}, "fields.value"),
        ({"metric": "auc", "value": "much"}, "fields.value"),
        ({"metric": "auc", "value": "inf"}, "fields.value"),
        ({"metric": "auc", "value": "0.7", "direction": "up"}, "fields.direction"),
        ({"metric": "auc", "value": "0.7", "colour": "red"}, "fields.colour"),
    ):
        with pytest.raises(Invalid) as refused:
            rules.answered(project, NOW, WHO, item="minimum_performance", text="x", fields=fields)
        assert refused.value.field == wrong


def test_an_answer_too_long_for_an_event_is_refused() -> None:
    with pytest.raises(TooLarge):
        rules.answered(new(), NOW, WHO, item="objective", text="x" * (rules.TEXT_LENGTH + 1), fields={})


def test_two_people_who_edit_the_same_answer_lose_nothing() -> None:
    project = answered(new(), "objective", "fewer delays")
    with pytest.raises(Conflict) as refused:
        rules.answered(project, NOW, "ben", item="objective", text="more money", fields={}, expected=0)
    assert refused.value.code == "CHANGED_MEANWHILE"
    assert rules.answered(project, NOW, "ben", item="objective", text="both", fields={}, expected=1).text == "both"


def test_an_item_that_isnt_on_the_board_isnt_found() -> None:
    with pytest.raises(NotFound):
        rules.answered(new(), NOW, WHO, item="horoscope", text="x", fields={})


def test_a_question_of_ones_own_belongs_to_its_stage() -> None:
    project = new()
    project = after(project, rules.item_added(project, NOW, WHO, stage="planning", item="budget", title="Budget"))
    project = answered(project, "constraints", "none")
    project = after(project, rules.milestone_set(
        project, NOW, WHO, milestone="m", title="Pilot", owner="ben", due=date(2027, 1, 1), done=False,
    ))  # fmt: skip
    assert state(project, "planning") == "in_progress"
    assert state(answered(project, "budget", "none"), "planning") == "done"
    with pytest.raises(Conflict):
        rules.item_added(project, NOW, WHO, stage="planning", item="budget", title="again")


# ---------------------------------------------------------------- attention


def test_bad_evidence_asks_for_attention_until_a_good_one_about_the_same_comes() -> None:
    project = evidence(new(), found("alerts_answered", "bad", "drift of version:m/1", "temp drifted"))
    assert state(project, "monitoring") == "needs_attention"
    assert board.attention(project, project.stage("monitoring")) == [
        "Alerts answered: time to acknowledge and resolve: temp drifted"
    ]
    other = evidence(project, found("alerts_answered", "good", "drift of version:m/2"))
    assert state(other, "monitoring") == "needs_attention"
    assert (
        state(evidence(other, found("alerts_answered", "good", "drift of version:m/1")), "monitoring") == "in_progress"
    )


def test_evidence_about_what_is_out_of_use_lapses() -> None:
    project = evidence(new(), found("alerts_answered", "bad", "drift of version:m/1"))
    project = evidence(project, found("alerts_answered", "lapsed", "drift of version:m/1"))
    assert ticked(project, "alerts_answered") == "open"
    assert rules.evidence_found(project, NOW, WHO, found("gates", "lapsed", "version:m/1"), None, "") is None


def test_a_thousand_good_runs_leave_a_few_findings() -> None:
    project = new()
    for number in range(1000):
        project = evidence(project, found("runs", "good", f"run:{number}"))
    assert len(project.record("runs").findings) == rules.ENOUGH_GOOD
    assert project.v == 1 + rules.ENOUGH_GOOD


def test_the_same_verdict_again_is_no_news() -> None:
    project = evidence(new(), found("ingest_alive", "good", "version:m/1"))
    assert rules.evidence_found(project, NOW, WHO, found("ingest_alive", "good", "version:m/1"), None, "") is None


def test_a_refuted_assumption_asks_for_attention_until_something_follows_from_it() -> None:
    project = new()

    def refuted(consequence: str) -> object:
        return rules.assumption_set(
            project, NOW, WHO, assumption="a", text="weather is known", status="refuted",
            proofs=[Proof(kind="run", id="1")], note="", consequence=consequence,
        )  # fmt: skip

    project = after(project, refuted(""))  # type: ignore[arg-type]
    assert state(project, "business") == "needs_attention"
    project = after(project, refuted("drop the feature"))  # type: ignore[arg-type]
    assert state(project, "business") == "in_progress"


def test_an_assumption_is_verified_by_something() -> None:
    with pytest.raises(Invalid):
        rules.assumption_set(
            new(), NOW, WHO, assumption="a", text="x", status="verified", proofs=[], note=" ", consequence=""
        )


def test_a_milestone_is_overdue_from_the_day_after_it_was_due() -> None:
    project = new()
    due = date(2027, 1, 10)
    project = after(project, rules.milestone_set(
        project, NOW, WHO, milestone="m", title="Pilot", owner="ben", due=due, done=False,
    ))  # fmt: skip
    on_the_day = datetime(2027, 1, 10, 23, 59, tzinfo=UTC)
    after_it = datetime(2027, 1, 11, tzinfo=UTC)
    assert [board.summary(project, at).overdue for at in (on_the_day, after_it)] == [0, 1]
    project = after(project, rules.milestone_set(
        project, NOW, WHO, milestone="m", title="Pilot", owner="ben", due=due, done=True, expected=1,
    ))  # fmt: skip
    assert board.summary(project, after_it).overdue == 0


# ---------------------------------------------------------------- moving back


def test_a_move_back_opens_the_stages_between_and_new_work_closes_them() -> None:
    project = evidence(new(), found("cleaned"))
    assert state(project, "cleaning") == "done"
    project = after(project, rules.moved_back(project, NOW, WHO, stage="exploration", to="preparation", reason="units"))
    assert state(project, "cleaning") == "in_progress"
    assert set(project.again) == {"preparation", "cleaning", "exploration"}
    assert state(evidence(project, found("cleaned", about="dataset:2")), "cleaning") == "done"
    stands = rules.confirmed(project, NOW, WHO, stage="cleaning", reason="not concerned")
    assert state(after(project, stands), "cleaning") == "done"


def test_the_same_evidence_after_a_move_back_is_news_again() -> None:
    project = evidence(new(), found("cleaned"))
    project = after(project, rules.moved_back(project, NOW, WHO, stage="exploration", to="cleaning", reason="again"))
    assert rules.evidence_found(project, NOW, WHO, found("cleaned"), None, "") is not None


def test_a_move_forward_isnt_a_move_back() -> None:
    for to in ("building", "monitoring"):
        with pytest.raises(NotAllowedNow):
            rules.moved_back(new(), NOW, WHO, stage="building", to=to, reason="x")
    with pytest.raises(NotAllowedNow):
        rules.confirmed(new(), NOW, WHO, stage="building", reason="x")


# ---------------------------------------------------------------- the project itself


def test_nothing_is_changed_in_an_archived_project() -> None:
    project = after(new(), rules.updated(new(), NOW, WHO, archived=True))
    with pytest.raises(NotAllowedNow) as refused:
        rules.answered(project, NOW, WHO, item="use", text="x", fields={})
    assert refused.value.code == "ARCHIVED"
    project = after(project, rules.updated(project, NOW, WHO, archived=False))
    assert ticked(answered(project, "use"), "use") == "done"


def test_the_default_project_keeps_its_name_and_owns_by_no_pattern() -> None:
    project = rules.created(rules.DEFAULT_ID, "Default", "", [], None, NOW, WHO)
    default = board.view(after_default(project), datetime(2027, 1, 1, tzinfo=UTC))
    assert default.id == "default"
    for change in ({"name": "Mine"}, {"archived": True}, {"patterns": [Pattern(kind="model", glob="*")]}):
        with pytest.raises(NotAllowedNow):
            rules.updated(after_default(project), NOW, WHO, **change)  # type: ignore[arg-type]


def after_default(event: object) -> rules.Project:
    from services.registry.projects.project import started

    return started(event)  # type: ignore[arg-type]


def test_what_a_released_thing_proved_no_longer_counts() -> None:
    thing = Thing(kind="experiment", id="7")
    project = evidence(new(), found("runs", about="run:1"), thing)
    project = evidence(project, found("runs", about="run:2"), Thing(kind="experiment", id="8"))
    project = after(project, rules.released(project, NOW, WHO, thing))
    assert [finding.about for finding in project.record("runs").findings] == ["run:2"]


def test_a_boards_clock_never_goes_back() -> None:
    project = new(now=NOW + DAY)
    event = rules.answered(project, NOW, WHO, item="use", text="x", fields={})
    assert event.at.timestamp() * 1000 == NOW + DAY
