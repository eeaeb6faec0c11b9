"""The default template is the one that the product promises."""

from services.registry.projects import templates


def test_there_are_fourteen_numbered_stages_in_four_phases() -> None:
    template = templates.template(templates.NEWEST)
    assert template is not None
    assert [stage.number for stage in template.stages] == list(range(1, 15))
    phases = [stage.phase for stage in template.stages]
    assert [phases.count(phase) for phase in ("scope", "data", "model", "production")] == [3, 7, 2, 2]


def test_item_and_stage_keys_are_unique() -> None:
    template = templates.template(templates.NEWEST)
    assert template is not None
    items = [item.key for stage in template.stages for item in stage.items]
    stages = [stage.key for stage in template.stages]
    assert len(set(items)) == len(items) == 53
    assert len(set(stages)) == 14


def test_every_item_that_the_system_ticks_is_named_by_the_template() -> None:
    template = templates.template(templates.NEWEST)
    assert template is not None
    kinds = {item.kind for stage in template.stages for item in stage.items}
    assert kinds == {"answer", "evidence", "check", "either"}
