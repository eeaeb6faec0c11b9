"""Experiments: their life, names, tags and search."""

from tests.contract.mlflow.asking import Case, Step, get, post

EXP = {"exp": "experiment_id"}
CREATE = post("experiments/create", name="$u", save=EXP)
GET = get("experiments/get", experiment_id="$exp")


def case(name: str, *steps: Step) -> Case:
    return Case(f"experiments: {name}", steps)


def located(location: str) -> list[Step]:
    """What lies in an experiment with this location."""
    run = {"experiment_id": "$exp", "user_id": "a", "start_time": 5, "run_name": "r"}
    return [
        post("experiments/create", name="$u", artifact_location=location, save=EXP),
        GET,
        post("runs/create", **run, save={"run": "run.info.run_id"}),
        post("logged-models", experiment_id="$exp", name="m", save={"lm": "model.info.model_id"}),
    ]


LOCATIONS = (
    "s3://bucket/place?by=me", "s3://bucket", "S3://bucket/place/", "s3:///bucket/place", "dbfs:///place",
    "gs:///bucket/a b",
    "mlflow-artifacts:///place", "mlflow-artifacts:/place//x//", "file:/place", "file:///place/", "/place//x//",
)  # fmt: skip


CASES = [
    case("default exists", get("experiments/get", experiment_id="0")),
    case("default by name", get("experiments/get-by-name", experiment_name="Default")),
    case("create and get", CREATE, GET, get("experiments/get-by-name", experiment_name="$u")),
    case("create twice", CREATE, post("experiments/create", name="$u")),
    case("create with tags", post("experiments/create", name="$u", tags=[{"key": "a", "value": "1"}], save=EXP), GET),
    case(
        "create with an s3 location",
        post("experiments/create", name="$u", artifact_location="s3://bucket/place", save=EXP),
        GET,
    ),
    *(case(f"location {location}", *located(location)) for location in LOCATIONS),
    case("location with a fragment", post("experiments/create", name="$u", artifact_location="s3://b/p#x")),
    case("location with parameters", post("experiments/create", name="$u", artifact_location="s3://b/p;x")),
    case("location of runs", post("experiments/create", name="$u", artifact_location="runs:/abc/x")),
    case("location too long", post("experiments/create", name="$u", artifact_location="s3://b/" + "x" * 2050)),
    case("location by ftp", post("experiments/create", name="$u", artifact_location="ftp://host/path")),
    case("location by http", post("experiments/create", name="$u", artifact_location="http://host/path")),
    case(
        "location at another artifact server",
        post("experiments/create", name="$u", artifact_location="mlflow-artifacts://host/x"),
    ),
    case("location with a way up", post("experiments/create", name="$u", artifact_location="s3://b/p?x=../y")),
    case("empty name", post("experiments/create", name="")),
    case("no name", post("experiments/create")),
    case("name of blanks", post("experiments/create", name="   $u")),
    case("name too long", post("experiments/create", name="n" * 501)),
    case("name of 500 characters", post("experiments/create", name="$u-" + "n" * 400, save=EXP)),
    case("unicode name", post("experiments/create", name="$u-größe-模型", save=EXP), GET),
    case("tag key too long", post("experiments/create", name="$u", tags=[{"key": "k" * 251, "value": "1"}])),
    case("tag value too long", post("experiments/create", name="$u", tags=[{"key": "k", "value": "v" * 20001}])),
    case("tag key with bad characters", post("experiments/create", name="$u", tags=[{"key": "a*b", "value": "1"}])),
    case("unknown id", get("experiments/get", experiment_id="987654")),
    case("id that is no number", get("experiments/get", experiment_id="abc")),
    case("unknown name", get("experiments/get-by-name", experiment_name="$u-nope")),
    case(
        "rename",
        CREATE,
        post("experiments/update", experiment_id="$exp", new_name="$u-new"),
        GET,
        get("experiments/get-by-name", experiment_name="$u"),
    ),
    case("rename to nothing", CREATE, post("experiments/update", experiment_id="$exp", new_name="")),
    case("rename to a taken name", CREATE, post("experiments/update", experiment_id="$exp", new_name="Default")),
    case("rename unknown", post("experiments/update", experiment_id="987654", new_name="$u")),
    case(
        "rename a deleted one",
        CREATE,
        post("experiments/delete", experiment_id="$exp"),
        post("experiments/update", experiment_id="$exp", new_name="$u-n"),
        GET,
    ),
    case("rename too long", CREATE, post("experiments/update", experiment_id="$exp", new_name="x" * 501)),
    case("delete", CREATE, post("experiments/delete", experiment_id="$exp"), GET),
    case(
        "delete twice",
        CREATE,
        post("experiments/delete", experiment_id="$exp"),
        post("experiments/delete", experiment_id="$exp"),
    ),
    case("delete unknown", post("experiments/delete", experiment_id="987654")),
    case(
        "a deleted name stays taken",
        CREATE,
        post("experiments/delete", experiment_id="$exp"),
        post("experiments/create", name="$u"),
        get("experiments/get-by-name", experiment_name="$u"),
    ),
    case(
        "delete and restore with runs",
        CREATE,
        post(
            "runs/create",
            experiment_id="$exp",
            user_id="a",
            start_time=5,
            run_name="r",
            save={"run": "run.info.run_id"},
        ),
        post("experiments/delete", experiment_id="$exp"),
        get("runs/get", run_id="$run"),
        post("experiments/restore", experiment_id="$exp"),
        get("runs/get", run_id="$run"),
        GET,
    ),
    case("restore an active one", CREATE, post("experiments/restore", experiment_id="$exp")),
    case("restore unknown", post("experiments/restore", experiment_id="987654")),
    case(
        "no run in a deleted one",
        CREATE,
        post("experiments/delete", experiment_id="$exp"),
        post("runs/create", experiment_id="$exp", start_time=5),
    ),
    case(
        "no tag on a deleted one",
        CREATE,
        post("experiments/delete", experiment_id="$exp"),
        post("experiments/set-experiment-tag", experiment_id="$exp", key="a", value="1"),
    ),
    case(
        "tags are set, overwritten and deleted",
        CREATE,
        post("experiments/set-experiment-tag", experiment_id="$exp", key="a", value="1"),
        post("experiments/set-experiment-tag", experiment_id="$exp", key="a", value="2"),
        post("experiments/set-experiment-tag", experiment_id="$exp", key="b/c.d", value="x"),
        GET,
        post("experiments/delete-experiment-tag", experiment_id="$exp", key="a"),
        post("experiments/delete-experiment-tag", experiment_id="$exp", key="a"),
        GET,
    ),
    case(
        "tag without a value",
        CREATE,
        post("experiments/set-experiment-tag", experiment_id="$exp", key="a"),
        GET,
    ),
    case(
        "tag key that is a path up",
        CREATE,
        post("experiments/set-experiment-tag", experiment_id="$exp", key="../a", value="1"),
    ),
    case(
        "tag value too long later",
        CREATE,
        post("experiments/set-experiment-tag", experiment_id="$exp", key="a", value="v" * 20001),
    ),
]

_SET = [
    post("experiments/create", name="$u-alpha", tags=[{"key": "team", "value": "$u"}, {"key": "n", "value": "x"}]),
    post("experiments/create", name="$u-Beta", tags=[{"key": "team", "value": "$u"}], save={"beta": "experiment_id"}),
    post("experiments/create", name="$u-gamma", tags=[{"key": "team", "value": "$u"}], save={"gamma": "experiment_id"}),
    post("experiments/delete", experiment_id="$gamma"),
]
_FILTERS = [
    "tags.team = '$u'",
    "tag.team = '$u' AND name LIKE '%alpha'",
    "tags.team = '$u' AND name ILIKE '%BETA'",
    "tags.team = '$u' AND name != '$u-alpha'",
    "tags.team = '$u' AND tags.n = 'x'",
    "tags.team = '$u' AND tags.n IS NULL",
    "tags.team = '$u' AND tags.n IS NOT NULL",
    "tags.team = '$u' AND tags.n != 'y'",
    "tags.team = '$u' AND attribute.name = '$u-Beta'",
    "name = '$u-Beta'",
    "name LIKE '$u-%'",
    "name LIKE '$u-beta'",
    "experiment_id = '$beta'",
    "experiment_id IN ('$beta', '$gamma')",
    "tags.team = '$u' AND experiment_id NOT IN ('$beta')",
    "tags.team = '$u' AND creation_time > 1000",
    "tags.team = '$u' AND last_update_time < 1000",
    "tags.team = '$u' AND creation_time >= 1.5",
    "creation_time > '5'",
    "experiment_id > '5'",
    "experiment_id = 'x'",
    "attributes.name = 'x'",
    'tags.`team` = "$u"',
    "name IS NULL",
    "name = 5",
    "metrics.a > 1",
    "unknown = 'x'",
    "name IN ('a')",
    "name == 'a'",
    "tags.team = '$u' OR",
    "name = 'unfinished",
]
CASES += [
    Case(
        f"experiments: search {text}",
        (
            *_SET,
            post("experiments/search", max_results=50, filter=text, order_by=["name ASC"]),
        ),
    )
    for text in _FILTERS
]
_ORDERS = [
    ["name"],
    ["name DESC"],
    ["attribute.name asc"],
    ["creation_time DESC"],
    ["last_update_time ASC", "name DESC"],
    ["experiment_id DESC"],
    ["experiment_id"],
    [],
    ["tags.team"],
    ["nonsense"],
    ["name sideways"],
    ["name ASC, experiment_id"],
]
CASES += [
    Case(
        f"experiments: order by {orders}",
        (
            *_SET,
            post("experiments/search", max_results=50, filter="tags.team = '$u'", order_by=orders, view_type="ALL"),
        ),
    )
    for orders in _ORDERS
]
CASES += [
    Case(
        f"experiments: view {view}",
        (*_SET, post("experiments/search", max_results=50, filter="tags.team = '$u'", view_type=view)),
    )
    for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL", 1, 2, 3, "NONSENSE")
]
CASES += [
    Case(
        "experiments: pages",
        (
            *_SET,
            post(
                "experiments/search",
                max_results=1,
                filter="tags.team = '$u'",
                order_by=["name"],
                save={"token": "next_page_token"},
            ),
            post(
                "experiments/search",
                max_results=1,
                filter="tags.team = '$u'",
                order_by=["name"],
                page_token="$token",
            ),
            get("experiments/search", max_results=2, filter="tags.team = '$u'", order_by=["name DESC"]),
        ),
    ),
    Case("experiments: too many results wanted", (post("experiments/search", max_results=50001),)),
    Case("experiments: no results wanted", (post("experiments/search", max_results=0),)),
    Case("experiments: negative results wanted", (post("experiments/search", max_results=-1),)),
    Case("experiments: bad token", (post("experiments/search", max_results=5, page_token="???"),)),
]
