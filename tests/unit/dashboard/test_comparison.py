"""Values that stand beside each other."""

from dashboard.components.comparison import apart


def test_long_values_that_begin_alike_are_shown_where_they_part() -> None:
    begin = "HistGradientBoostingClassifier(categorical_features=[13, 14, 15], "
    values = [f"{begin}learning_rate=0.08, max_iter=120)", f"{begin}learning_rate=0.05, max_iter=300)"]
    one, other = apart(values, 30)
    assert one != other
    assert [text.startswith("…") and len(text) <= 30 for text in (one, other)] == [True, True]
    assert "0.08" in one
    assert "0.05" in other


def test_values_that_can_be_told_apart_begin_at_their_beginning() -> None:
    assert apart(["gbdt", "–", "dart"], 30) == ["gbdt", "–", "dart"]
    assert apart(["x" * 40, "y" * 40], 10) == ["x" * 9 + "…", "y" * 9 + "…"]
    assert apart(["None", "x" * 40], 10) == ["None", "x" * 9 + "…"]
    assert apart(["x" * 40, "x" * 40], 10) == ["x" * 9 + "…", "x" * 9 + "…"]
    assert apart([], 10) == []


def test_one_value_that_goes_on_where_the_other_ends_shows_what_is_more() -> None:
    assert apart(["x" * 40, "x" * 40 + "+y"], 10) == ["…" + "x" * 3, "…" + "x" * 3 + "+y"]
