"""Which figure tells how a watched version performs, and of which windows."""

import msgspec

from dashboard.gateway.views import Alias, ModelRow, Performance, Window
from dashboard.performing import Performing, watched_version
from tests.unit.dashboard.windows import NOW, monitored, window


def labelled(window_: Window, labels: int) -> Window:
    assert window_.performance is not None
    performance = msgspec.structs.replace(window_.performance, labelled=labels)
    return msgspec.structs.replace(window_, performance=performance)


def values(shown: Performing) -> list[float]:
    return [value for _, value in shown.points]


def test_the_first_labels_of_a_window_dont_speak_for_it() -> None:
    full = [window(day, auc=0.7) for day in range(3)]
    first = labelled(window(3, auc=0.3), 60)
    assert values(Performing(monitored(), [*full, first])) == [0.7, 0.7, 0.7]
    assert values(Performing(monitored(), [first])) == [0.3], "there is nothing better"


def test_closed_windows_speak_before_an_open_one() -> None:
    closed, opened = window(0, auc=0.7), window(1, auc=0.6, closed=False)
    assert values(Performing(monitored(), [closed, opened])) == [0.7]
    assert values(Performing(monitored(), [opened])) == [0.6]


def test_windows_without_labels_leave_nothing_to_tell() -> None:
    shown = Performing(monitored(), [window(auc=None)])
    assert (shown.measure.label, shown.points) == ("ROC-AUC", [])


def test_a_version_without_scores_shows_its_accuracy_and_one_of_numbers_its_error() -> None:
    def known(**figures: float) -> Window:
        return msgspec.structs.replace(window(), performance=Performance(labelled=10, coverage=1.0, **figures))

    classes = Performing(monitored(), [known(accuracy=0.9)])
    assert (classes.measure.label, values(classes)) == ("Accuracy", [0.9])
    numbers = Performing(monitored(task="regression"), [known(rmse=12.5, mae=9.0)])
    assert (numbers.measure.label, values(numbers)) == ("RMSE", [12.5])


def test_of_a_model_its_champion_is_shown_or_the_newest_version_under_watch() -> None:
    watched = [monitored(model="flights", version=version) for version in ("2", "10", "9")]
    plain = ModelRow(name="flights", created_at=NOW, updated_at=NOW)
    led = msgspec.structs.replace(plain, aliases=[Alias(name="champion", version="9")])
    left = msgspec.structs.replace(plain, aliases=[Alias(name="champion", version="1")])
    for model, expected in ((plain, "10"), (led, "9"), (left, "10")):
        found = watched_version(model, watched)
        assert found is not None
        assert found.version == expected
    assert watched_version(msgspec.structs.replace(plain, name="taxis"), watched) is None
