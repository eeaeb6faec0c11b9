"""What runs, experiments, models and logged models allow, without any server."""

import msgspec
import pytest

from services.contracts.base import MAX_EVENT_BYTES
from services.contracts.errors import Conflict, Invalid, NotAllowedNow, NotFound
from services.registry.experiments import rules as experiments
from services.registry.identity import rules as identity
from services.registry.logged_models import rules as logged_models
from services.registry.models import rules as models
from services.registry.models import sources
from services.registry.runs import rules as runs
from services.registry.runs.metrics import Point
from services.registry.runs.rules import Batch, Run
from services.registry.values import KeyValue, mapping


def run(**more: object) -> Run:
    tags = more.pop("tags", [])
    made, _ = runs.started(
        run_id="r" * 32, experiment_id="1", root="mlflow-artifacts:/1", user="anna", name="", random_name="swift-owl-1",
        start_time=5, tags=tags,  # type: ignore[arg-type]
    )  # fmt: skip
    return msgspec.structs.replace(made, **more)


def params(**values: str) -> Batch:
    return Batch(params=[KeyValue(key, value) for key, value in values.items()])


def test_a_run_is_named_at_random_and_its_name_tag_is_the_same() -> None:
    made = run()
    assert made.name == mapping(made.tags)[runs.NAME_TAG] == "swift-owl-1"
    assert made.artifact_uri == f"mlflow-artifacts:/1/{'r' * 32}/artifacts"


def test_a_parameter_may_be_logged_again_but_not_changed() -> None:
    after, event = runs.logged(run(), params(a="1"))
    assert event is not None
    assert runs.logged(after, params(a="1")) == (after, None)
    with pytest.raises(Invalid, match="Changing param values is not allowed"):
        runs.logged(after, params(a="2"))


def test_a_deleted_run_takes_nothing() -> None:
    gone = runs.deleted(run(), 9)
    assert gone is not None
    with pytest.raises(NotAllowedNow, match="must be in the 'active' state"):
        runs.logged(gone, params(a="1"))


def test_ending_a_run_is_an_event_of_its_own_and_renaming_is_not() -> None:
    after, event = runs.updated(run(), "FINISHED", 9, None)
    assert type(event).__name__ == "RunEnded"
    assert after.v == 2
    _, event = runs.updated(after, None, None, "new")
    assert type(event).__name__ == "RunUpdated"


def test_nothing_changed_is_no_event() -> None:
    before = run()
    assert runs.updated(before, "RUNNING", None, before.name) == (before, None)
    assert runs.logged(before, Batch()) == (before, None)


def test_long_values_are_cut_and_long_keys_refused() -> None:
    batch = runs.checked(params(a="x" * 7000))
    assert len(batch.params[0].v) == 6000
    with pytest.raises(Invalid, match="exceeds the maximum length of 250"):
        runs.checked(params(**{"k" * 251: "1"}))


@pytest.mark.parametrize("key", ["../a", "/a", "a//b", "./a", "..", ".", "a*b", "a\\b", "a\nb", "a/"])
def test_keys_that_could_be_other_files_are_refused(key: str) -> None:
    with pytest.raises(Invalid):
        runs.checked(params(**{key: "1"}))


def test_a_batch_knows_its_limits() -> None:
    point = Point(key="a", value=1, timestamp=1)
    runs.checked(Batch(points=[point] * 1000))
    with pytest.raises(Invalid, match="at most 1000 metrics"):
        runs.checked(Batch(points=[point] * 1001))
    with pytest.raises(Invalid, match="metrics, params, and tags"):
        runs.checked(Batch(points=[point] * 990, tags=[KeyValue(f"t{n}", "1") for n in range(11)]))


def test_the_largest_batch_still_makes_an_event_that_fits() -> None:
    wide = "\u0001" * 8000
    batch = Batch(
        points=[Point(key="m" * 245 + str(n), value=1 / 3, timestamp=1) for n in range(800)],
        params=[KeyValue("p" * 245 + str(n), wide[:6000]) for n in range(100)],
        tags=[KeyValue("t" * 245 + str(n), wide) for n in range(100)],
    )
    _, event = runs.logged(run(), runs.checked(batch))
    assert len(msgspec.json.encode(event)) < MAX_EVENT_BYTES


def test_an_experiment_is_deleted_once_and_keeps_its_name_from_being_changed() -> None:
    made, _ = experiments.created(7, "e", "", {}, 1)
    gone = experiments.deleted(made, 2)
    assert gone.sweep == "deleted"
    with pytest.raises(NotFound):
        experiments.deleted(gone, 3)
    with pytest.raises(NotAllowedNow):
        experiments.renamed(gone, "f", 3)
    with pytest.raises(NotFound):
        experiments.restored(made, 3)


@pytest.mark.parametrize(
    "location",
    ["runs:/a/b", "s3://b/p#x", "http://host/x", "ftp://h/x", "mlflow-artifacts://h/x", "s3://b?x=..%2f", "s" * 2049],
)
def test_locations_that_lead_elsewhere_are_refused(location: str) -> None:
    with pytest.raises(Invalid):
        experiments.created(1, "e", location, {}, 1)


def test_a_model_that_is_registered_again_counts_its_events_on() -> None:
    made, _ = models.registered("m", None, None, {}, 1)
    gone, _ = models.removed(made, 2)
    again, _ = models.registered("m", gone, None, {}, 3)
    assert (made.v, gone.v, again.v, again.last_version) == (1, 2, 3, 0)
    with pytest.raises(Conflict):
        models.registered("m", again, None, {}, 4)


def test_deleting_a_version_takes_its_aliases() -> None:
    made, _ = models.registered("m", None, None, {}, 1)
    made = msgspec.structs.replace(made, aliases=[models.Alias("a", 1), models.Alias("b", 2)])
    after, events = models.without_version(made, 1, 2)
    assert [entry.alias for entry in after.aliases] == ["b"]
    assert [event.alias for event in events] == ["a"]
    assert after.v == made.v + 1


@pytest.mark.parametrize("alias", ["", "latest", "Latest", "v1", "V22", "a b", "a.b", "a" * 256])
def test_aliases_that_mean_something_else_are_refused(alias: str) -> None:
    with pytest.raises(Invalid):
        models.check_free_alias(alias)


def check(source: str, run_id: str = "", model_id: str = "") -> None:
    root = f"mlflow-artifacts:/1/{run_id}/artifacts" if run_id else None
    model_root = f"mlflow-artifacts:/1/models/{model_id}/artifacts" if model_id else None
    sources.check_source(source, run_id=run_id, run_root=root, model_id=model_id, model_root=model_root)


@pytest.mark.parametrize(
    ("source", "run_id", "model_id"),
    [
        ("s3://bucket/x", "", ""),
        ("dbfs:/x", "", ""),
        ("runs:/r1/model", "r1", ""),
        ("models:/m-1", "", "m-1"),
        ("mlflow-artifacts:/1/r1/artifacts/model", "r1", ""),
        ("mlflow-artifacts:/1/models/m-1/artifacts", "", "m-1"),
    ],
)
def test_sources_inside_what_is_named_or_outside_storage_are_taken(source: str, run_id: str, model_id: str) -> None:
    check(source, run_id, model_id)


@pytest.mark.parametrize(
    ("source", "run_id", "model_id"),
    [
        ("/etc/passwd", "", ""),
        ("file:///etc/passwd", "r1", ""),
        ("s3://bucket/../x", "", ""),
        ("s3://bucket/%2e%2e/x", "", ""),
        ("s3://bucket/%252e%252e/x", "", ""),
        ("runs:/r2/model", "r1", ""),
        ("runs:/r1/model", "", ""),
        ("models:/m-2", "", "m-1"),
        ("mlflow-artifacts:/1/r1/artifacts/../../r2", "r1", ""),
        ("mlflow-artifacts:/1/r2/artifacts/x", "r1", ""),
        ("mlflow-artifacts://host/1/r1/artifacts/x", "r1", ""),
        ("http://host/x", "", ""),
    ],
)
def test_sources_that_reach_for_others_files_are_refused(source: str, run_id: str, model_id: str) -> None:
    with pytest.raises(Invalid):
        check(source, run_id, model_id)


def test_a_logged_model_takes_a_point_once_and_never_changes_a_parameter() -> None:
    made, _ = logged_models.created(
        model_id="m-1", experiment_id="1", root="mlflow-artifacts:/1", name="", random_name="n", model_type="",
        source_run_id="r", params={"p": "1"}, tags={}, now=1,
    )  # fmt: skip
    point = Point(key="a", value=1, timestamp=1)
    measured = logged_models.measured(made, "r", [point, point])
    assert measured is not None
    assert len(measured[0].metrics) == 1
    assert logged_models.measured(measured[0], "r", [point]) is None
    with pytest.raises(Invalid):
        logged_models.with_params(made, {"p": "2"})


def test_a_token_has_a_user_a_lifetime_and_one_end() -> None:
    token, _ = identity.created("t", "digest", "anna", identity.Role.VIEWER, 60, "", 1000)
    assert token.expires == 61_000
    decided = identity.revoked(token, 5)
    assert decided is not None
    assert identity.revoked(decided[0], 6) is None
    for user in ("", "a:b", "a\n"):
        with pytest.raises(Invalid):
            identity.created("t", "digest", user, identity.Role.VIEWER, None, "", 1)
