# ruff: noqa: E501  # tables: a case a line reads better than a case broken up
"""Registered models, versions, aliases, stages and their search."""

from tests.contract.mlflow.asking import Case, Step, delete, get, patch, post

MODEL = post("registered-models/create", name="$u", description="about", tags=[{"key": "team", "value": "$u"}])
GET = get("registered-models/get", name="$u")
SOURCE = "s3://bucket/model"
VERSION = post("model-versions/create", name="$u", source=SOURCE)
ALIAS = post("registered-models/alias", name="$u", alias="champion", version="1")


def case(name: str, *steps: Step) -> Case:
    return Case(f"models: {name}", steps)


def version(number: int | str = 1) -> Step:
    return get("model-versions/get", name="$u", version=str(number))


RUN = (
    post("experiments/create", name="$u-exp", save={"exp": "experiment_id"}),
    post("runs/create", experiment_id="$exp", user_id="a", start_time=1, run_name="r",
         save={"run": "run.info.run_id", "uri": "run.info.artifact_uri"}),
    post("logged-models", experiment_id="$exp", name="lm", source_run_id="$run",
         save={"lm": "model.info.model_id", "lmuri": "model.info.artifact_uri"}),
)  # fmt: skip

CASES = [
    case("create and get", MODEL, GET),
    case("create twice", MODEL, post("registered-models/create", name="$u")),
    case("create bare", post("registered-models/create", name="$u"), GET),
    case("no name", post("registered-models/create")),
    case("empty name", post("registered-models/create", name="")),
    *[
        case(f"name {name!r}", post("registered-models/create", name=name))
        for name in ("$u/a", "$u:a", " ", "..", ".", "$u/../x")
    ],
    *[
        case(f"good name {name!r}", post("registered-models/create", name=name), get("registered-models/get", name=name))
        for name in ("$u a b", "$u-größe", "$u.x", "$u@y", "$u%20", "$u'q")
    ],
    case("tag key too long", post("registered-models/create", name="$u", tags=[{"key": "k" * 251, "value": "v"}])),
    case("tag value too long", post("registered-models/create", name="$u", tags=[{"key": "k", "value": "v" * 100001}])),
    case("tag twice", post("registered-models/create", name="$u", tags=[{"key": "k", "value": "1"}, {"key": "k", "value": "2"}]), GET),
    case("get unknown", GET),
    case("get nothing", get("registered-models/get")),
    case("get with a bad name", get("registered-models/get", name="a/b")),
    case("describe", MODEL, patch("registered-models/update", name="$u", description="new"), GET),
    case("describe with nothing", MODEL, patch("registered-models/update", name="$u"), GET),
    case("describe unknown", patch("registered-models/update", name="$u", description="x")),
    case("rename", MODEL, VERSION, ALIAS, post("registered-models/rename", name="$u", new_name="$u-new"), GET,
         get("registered-models/get", name="$u-new"), get("model-versions/get", name="$u-new", version="1"), version(),
         get("registered-models/alias", name="$u-new", alias="champion")),
    case("rename to one that exists", MODEL, post("registered-models/create", name="$u-b"),
         post("registered-models/rename", name="$u", new_name="$u-b")),
    case("rename to nothing", MODEL, post("registered-models/rename", name="$u", new_name="")),
    case("rename to a bad name", MODEL, post("registered-models/rename", name="$u", new_name="a/b")),
    case("rename unknown", post("registered-models/rename", name="$u", new_name="$u-b")),
    case("rename and use the old name again", MODEL, VERSION, post("registered-models/rename", name="$u", new_name="$u-n"),
         MODEL, VERSION, GET),
    case("delete", MODEL, VERSION, ALIAS, delete("registered-models/delete", name="$u"), GET, version(),
         delete("registered-models/delete", name="$u")),
    case("delete and create again", MODEL, VERSION, ALIAS, delete("registered-models/delete", name="$u"), MODEL, VERSION, GET,
         get("registered-models/alias", name="$u", alias="champion")),
    case("delete unknown", delete("registered-models/delete", name="$u")),
    # tags
    case("tags", MODEL, post("registered-models/set-tag", name="$u", key="a", value="1"),
         post("registered-models/set-tag", name="$u", key="a", value="2"), GET,
         delete("registered-models/delete-tag", name="$u", key="a"), delete("registered-models/delete-tag", name="$u", key="a"), GET),
    case("tag of unknown", post("registered-models/set-tag", name="$u", key="a", value="1")),
    case("tag with a bad key", MODEL, post("registered-models/set-tag", name="$u", key="a*", value="1")),
    case("tag too long", MODEL, post("registered-models/set-tag", name="$u", key="a", value="v" * 100001)),
    case("tag without value", MODEL, post("registered-models/set-tag", name="$u", key="a"), GET),
    case("tag without key", MODEL, post("registered-models/set-tag", name="$u", value="a")),
    case("delete tag of unknown", delete("registered-models/delete-tag", name="$u", key="a")),
    # versions
    case("version", MODEL, VERSION, version(), GET),
    case("versions count", MODEL, VERSION, VERSION, VERSION, GET),
    case("version of everything", MODEL, post("model-versions/create", name="$u", source=SOURCE, run_link="http://x",
         description="d", tags=[{"key": "a", "value": "1"}]), version()),
    case("version of unknown model", VERSION),
    case("version without source", MODEL, post("model-versions/create", name="$u")),
    case("version without name", post("model-versions/create", source=SOURCE)),
    case("version with a bad tag", MODEL, post("model-versions/create", name="$u", source=SOURCE, tags=[{"key": "*", "value": "1"}])),
    case("get unknown version", MODEL, version(7)),
    case("get version that is no number", MODEL, VERSION, version("x")),
    case("get version of unknown model", version()),
    case("get version without number", MODEL, get("model-versions/get", name="$u")),
    case("describe version", MODEL, VERSION, patch("model-versions/update", name="$u", version="1", description="x"), version()),
    case("describe version with nothing", MODEL, VERSION, patch("model-versions/update", name="$u", version="1"), version()),
    case("describe unknown version", MODEL, patch("model-versions/update", name="$u", version="9", description="x")),
    case("delete version", MODEL, VERSION, VERSION, ALIAS, delete("model-versions/delete", name="$u", version="1"), version(), GET,
         get("registered-models/alias", name="$u", alias="champion"), VERSION, GET),
    case("delete last version and count on", MODEL, VERSION, VERSION, delete("model-versions/delete", name="$u", version="2"), VERSION),
    case("delete unknown version", MODEL, delete("model-versions/delete", name="$u", version="3")),
    case("delete version twice", MODEL, VERSION, delete("model-versions/delete", name="$u", version="1"),
         delete("model-versions/delete", name="$u", version="1")),
    case("delete version that is no number", MODEL, delete("model-versions/delete", name="$u", version="x")),
    case("version tags", MODEL, VERSION, post("model-versions/set-tag", name="$u", version="1", key="a", value="1"), version(),
         delete("model-versions/delete-tag", name="$u", version="1", key="a"),
         delete("model-versions/delete-tag", name="$u", version="1", key="a"), version()),
    case("tag of unknown version", MODEL, post("model-versions/set-tag", name="$u", version="1", key="a", value="1")),
    case("version tag with bad key", MODEL, VERSION, post("model-versions/set-tag", name="$u", version="1", key="", value="1")),
    case("version tag with bad version", MODEL, VERSION, post("model-versions/set-tag", name="$u", version="x", key="a", value="1")),
    case("download uri", MODEL, VERSION, get("model-versions/get-download-uri", name="$u", version="1")),
    case("download uri of unknown", MODEL, get("model-versions/get-download-uri", name="$u", version="1")),
    # sources
    *[
        case(f"source {source}", MODEL, post("model-versions/create", name="$u", source=source))
        for source in ("s3://b/x", "gs://b/x", "abfss://c@a.dfs.core.windows.net/x", "dbfs:/x", "/etc/passwd", "file:///etc/passwd",
                       "./x", "s3://b/../x", "s3://b/%2e%2e/x", "mlflow-artifacts:/1/x", "mlflow-artifacts://host/x",
                       "http://host/x", "ftp://host/x", "runs:/abc/model", "models:/nope/1", "models:/m-nope", "models:/",
                       "models:/a/b/c", "hdfs://host/x", "s3://b/x%00y", "hdfs:/x", "wasbs://c@a/x")
    ],
    case("source of a run", *RUN, MODEL, post("model-versions/create", name="$u", source="runs:/$run/model", run_id="$run"),
         get("model-versions/get-download-uri", name="$u", version="1"), version()),
    case("source of another run", *RUN, MODEL, post("model-versions/create", name="$u", source="runs:/$run/model", run_id="0" * 32)),
    case("source of a run unnamed", *RUN, MODEL, post("model-versions/create", name="$u", source="runs:/$run/model")),
    case("source in a run's files", *RUN, MODEL, post("model-versions/create", name="$u", source="$uri/model", run_id="$run"), version()),
    case("source in a run's files unnamed", *RUN, MODEL, post("model-versions/create", name="$u", source="$uri/model")),
    case("source in another run's files", *RUN, MODEL, post("model-versions/create", name="$u",
         source="mlflow-artifacts:/9/abc/artifacts/m", run_id="$run")),
    case("source out of a run's files", *RUN, MODEL, post("model-versions/create", name="$u", source="$uri/../../x", run_id="$run")),
    case("source of a logged model", *RUN, MODEL,
         post("model-versions/create", name="$u", source="models:/$lm", model_id="$lm"), version(),
         get("model-versions/get-download-uri", name="$u", version="1"), get("logged-models/$lm")),
    case("source of a logged model and run", *RUN, MODEL,
         post("model-versions/create", name="$u", source="models:/$lm", model_id="$lm", run_id="$run"), version()),
    case("source of a logged model unnamed", *RUN, MODEL, post("model-versions/create", name="$u", source="models:/$lm")),
    case("source in a logged model's files", *RUN, MODEL,
         post("model-versions/create", name="$u", source="$lmuri", model_id="$lm"), version()),
    case("source of an unknown logged model", *RUN, MODEL, post("model-versions/create", name="$u", source="models:/m-x", model_id="m-x")),
    case("copy of a version", MODEL, VERSION, post("registered-models/create", name="$u-c"),
         post("model-versions/create", name="$u-c", source="models:/$u/1"),
         get("model-versions/get-download-uri", name="$u-c", version="1")),
    case("copy of a logged model's version", *RUN, MODEL,
         post("model-versions/create", name="$u", source="models:/$lm", model_id="$lm"),
         post("registered-models/create", name="$u-c"),
         post("model-versions/create", name="$u-c", source="models:/$u/1"), get("logged-models/$lm")),
    case("copy by alias", MODEL, VERSION, ALIAS, post("registered-models/create", name="$u-c"),
         post("model-versions/create", name="$u-c", source="models:/$u@champion")),
    case("copy of an unknown version", MODEL, post("model-versions/create", name="$u", source="models:/$u/7")),
    case("copy with another run", MODEL, VERSION, post("model-versions/create", name="$u", source="models:/$u/1", run_id="abc")),
    # aliases
    case("alias", MODEL, VERSION, VERSION, ALIAS, GET, get("registered-models/alias", name="$u", alias="champion"),
         post("registered-models/alias", name="$u", alias="champion", version="2"), GET, version(1), version(2),
         delete("registered-models/alias", name="$u", alias="champion"), GET,
         delete("registered-models/alias", name="$u", alias="champion")),
    case("two aliases", MODEL, VERSION, ALIAS, post("registered-models/alias", name="$u", alias="b", version="1"), version(), GET),
    case("alias of unknown version", MODEL, ALIAS),
    case("alias of unknown model", ALIAS),
    case("unknown alias", MODEL, get("registered-models/alias", name="$u", alias="nope")),
    case("alias in unknown model", get("registered-models/alias", name="$u", alias="nope")),
    case("alias latest", MODEL, VERSION, VERSION, get("registered-models/alias", name="$u", alias="latest")),
    case("alias latest of nothing", MODEL, get("registered-models/alias", name="$u", alias="Latest")),
    case("alias of bad version", MODEL, VERSION, post("registered-models/alias", name="$u", alias="a", version="x")),
    case("alias without version", MODEL, VERSION, post("registered-models/alias", name="$u", alias="a")),
    *[
        case(f"alias {alias[:20]!r} of {len(alias)}", MODEL, VERSION, post("registered-models/alias", name="$u", alias=alias, version="1"))
        for alias in ("", "latest", "LATEST", "v1", "V22", "v", "v1x", "a b", "a.b", "a-b_c", "a" * 255, "a" * 256, "ä", "1")
    ],
    # stages
    *[
        case(f"stage {stage}", MODEL, VERSION,
             post("model-versions/transition-stage", name="$u", version="1", stage=stage, archive_existing_versions=False),
             version(), GET)
        for stage in ("Staging", "production", "ARCHIVED", "None", "none", "nonsense", "")
    ],
    case("archive the others", MODEL, VERSION, VERSION,
         post("model-versions/transition-stage", name="$u", version="1", stage="Production", archive_existing_versions=False),
         post("model-versions/transition-stage", name="$u", version="2", stage="Production", archive_existing_versions=True),
         version(1), version(2), GET),
    case("stage of unknown version", MODEL,
         post("model-versions/transition-stage", name="$u", version="1", stage="Staging", archive_existing_versions=False)),
    case("stage without archiving said", MODEL, VERSION, post("model-versions/transition-stage", name="$u", version="1", stage="Staging")),
    case("latest versions", MODEL, VERSION, VERSION, VERSION,
         post("model-versions/transition-stage", name="$u", version="2", stage="Staging", archive_existing_versions=False),
         get("registered-models/get-latest-versions", name="$u", stages="Staging"),
         post("registered-models/get-latest-versions", name="$u", stages=["None"]),
         post("registered-models/get-latest-versions", name="$u", stages=["nonsense"])),
    case("latest versions of unknown", get("registered-models/get-latest-versions", name="$u")),
    # prompts ride on models
    case("a prompt", post("registered-models/create", name="$u", tags=[{"key": "mlflow.prompt.is_prompt", "value": "true"}]),
         post("model-versions/create", name="$u", source="dummy-source", tags=[
             {"key": "mlflow.prompt.is_prompt", "value": "true"}, {"key": "mlflow.prompt.text", "value": "hi"}]),
         get("registered-models/search", filter="name = '$u'"),
         get("registered-models/search", filter="name = '$u' AND tags.`mlflow.prompt.is_prompt` = 'true'"),
         get("model-versions/search", filter="name = '$u'"),
         get("model-versions/search", filter="name = '$u' AND tags.`mlflow.prompt.is_prompt` = 'true'"),
         post("registered-models/create", name="$u")),
    case("a prompt with a bad source", MODEL, post("model-versions/create", name="$u", source=SOURCE, tags=[
        {"key": "mlflow.prompt.is_prompt", "value": "true"}])),
]  # fmt: skip

_SET = (
    post("registered-models/create", name="$u-a", tags=[{"key": "team", "value": "$u"}, {"key": "x", "value": "1"}]),
    post("registered-models/create", name="$u-B", tags=[{"key": "team", "value": "$u"}]),
    post("registered-models/create", name="$u-c", tags=[{"key": "team", "value": "$u"}, {"key": "x", "value": "2"}]),
    post("model-versions/create", name="$u-a", source="s3://b/one", tags=[{"key": "k", "value": "$u"}]),
    post(
        "model-versions/create",
        name="$u-a",
        source="s3://b/two",
        tags=[{"key": "k", "value": "$u"}, {"key": "l", "value": "z"}],
    ),
    post("model-versions/create", name="$u-B", source="s3://b/three", run_id="abc", tags=[{"key": "k", "value": "$u"}]),
)
_MODEL_FILTERS = (
    "tags.team = '$u'",
    "name = '$u-a'",
    "name != '$u-a' AND tags.team = '$u'",
    "name LIKE '$u%'",
    "name LIKE '$u-b'",
    "name ILIKE '$u-b'",
    "name IN ('$u-a', '$u-c')",
    "name NOT IN ('$u-a') AND tags.team = '$u'",
    "tags.team = '$u' AND tags.x = '1'",
    "tags.team = '$u' AND tag.x != '1'",
    "tags.team = '$u' AND tags.x LIKE '%'",
    "tags.team = '$u' AND tags.`mlflow.prompt.is_prompt` != 'true'",
    "tags.x IS NULL",
    "attribute.name = '$u-a'",
    "attributes.name = '$u-a'",
    "name > 'a'",
    "name = 5",
    "description = 'x'",
    "creation_timestamp > 5",
    "metrics.a > 1",
    "name = '$u-a' name = '$u-c' x",
    "name =",
)
CASES += [
    Case(f"models: search {text}", (*_SET, get("registered-models/search", filter=text, order_by="name")))
    for text in _MODEL_FILTERS
]
_VERSION_FILTERS = (
    "name = '$u-a'",
    "name = '$u-a' AND version_number = 1",
    "name = '$u-a' AND version_number > 1",
    "name = '$u-a' AND version_number != '1'",
    "name = '$u-a' AND version_number < 1.5",
    "name = '$u-a' AND version_number IN (1)",
    "tags.k = '$u'",
    "tags.k = '$u' AND tags.l = 'z'",
    "tags.k = '$u' AND source_path = 's3://b/one'",
    "tags.k = '$u' AND source_path LIKE '%o%'",
    "tags.k = '$u' AND run_id = 'abc'",
    "tags.k = '$u' AND run_id IN ('abc', 'def')",
    "tags.k = '$u' AND run_id IN ('abc',)",
    "tags.k = '$u' AND name ILIKE '%-b'",
    "tags.k = '$u' AND name IN ('$u-B')",
    "run_id IN ()",
    "run_id = 5",
    "source_path IN ('a')",
    "unknown = 'a'",
    "attribute.name = '$u-a'",
    "tags.k IS NULL",
)
CASES += [
    Case(
        f"versions: search {text}",
        (*_SET, get("model-versions/search", filter=text, order_by=["name", "version_number DESC"])),
    )
    for text in _VERSION_FILTERS
]
CASES += [
    Case(
        f"models: order by {orders}",
        (*_SET, get("registered-models/search", filter="tags.team = '$u'", order_by=orders)),
    )
    for orders in (
        ["name DESC"], ["name"], ["timestamp"], ["timestamp DESC"], ["last_updated_timestamp DESC", "name"],
        ["creation_timestamp"], ["tags.x"], ["name sideways"], ["nonsense"],
    )
]  # fmt: skip
CASES += [
    Case(
        f"versions: order by {orders}",
        (*_SET, get("model-versions/search", filter="tags.k = '$u'", order_by=orders)),
    )
    for orders in (
        ["name", "version_number"], ["version_number DESC", "name DESC"], ["creation_timestamp"],
        ["last_updated_timestamp DESC"], ["attribute.name DESC"], ["nonsense"], ["run_id"],
    )
]  # fmt: skip
CASES += [
    Case(
        "models: pages",
        (
            *_SET,
            get(
                "registered-models/search", filter="tags.team = '$u'", max_results=2, save={"token": "next_page_token"}
            ),
            get("registered-models/search", filter="tags.team = '$u'", max_results=2, page_token="$token"),
            get("registered-models/search", filter="tags.team = '$u'", max_results=3),
        ),
    ),
    Case(
        "versions: pages",
        (
            *_SET,
            get("model-versions/search", filter="name = '$u-a'", max_results=1, save={"token": "next_page_token"}),
            get("model-versions/search", filter="name = '$u-a'", max_results=1, page_token="$token"),
        ),
    ),
    Case("models: too many wanted", (get("registered-models/search", max_results=1001),)),
    Case("versions: too many wanted", (get("model-versions/search", max_results=200001),)),
    Case("versions: none wanted", (get("model-versions/search", max_results=0),)),
    Case("models: bad token", (get("registered-models/search", page_token="x"),)),
]
