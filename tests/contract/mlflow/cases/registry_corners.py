# ruff: noqa: E501  # tables: a case a line reads better than a case broken up
"""Corners of experiments, registered models and versions: odd shapes, limits from both sides, what filters and orders refuse."""

from typing import Any

from tests.contract.mlflow.asking import Case, Step, delete, get, patch, post

_EXPERIMENTS = (
    {"name": 123}, {"name": None}, {"name": "$u", "artifact_location": 9.0, "tags": [{"key": "k", "value": "v"}]},
    {"name": "$u", "artifact_location": "my_location", "tags": "5"}, {"name": "$u", "tags": None}, {"name": "$u", "tags": [{}]},
    {"name": "$u", "tags": [{"key": "a"}]}, {"name": "$u", "tags": [{"value": "a"}]}, {"name": "$u", "tags": [{"key": "a", "value": None}]},
    {"name": "$u", "artifact_location": ""}, {"name": "$u", "artifact_location": "gs://b/x"}, {"name": "$u", "artifact_location": "s3://b/x/"},
    {"name": "$u", "artifact_location": "s3://b/../x"}, {"name": "$u", "artifact_location": "s3://b/x?y=z"},
    {"name": "$u", "artifact_location": "mlflow-artifacts:/place"}, {"name": "$u", "artifact_location": "mlflow-artifacts:/a/../b"},
    {"name": "$u", "artifact_location": "s3://b/%23x"}, {"name": "$u", "artifact_location": "models:/x/1"},
    {"name": "$u", "artifact_location": "wasbs://c@a/x"}, {"name": "$u", "artifact_location": "dbfs:/x"}, {"name": '$u\n'}, {"name": " $u "},
    {"name": "$u" + "n" * 470}, {"name": "../$u"}, {"name": "$u/x"}, {"name": True}, {"name": ["a"]}, {"name": "Default"}, {"name": "default"},
)  # fmt: skip
_EXPERIMENT_FILTERS = (
    "name = '$u-größe'", "name LIKE '%größe'", "name ILIKE '%GRÖSSE'", "tags.größe = 'x_%' AND tags.k = '$u'",
    "tags.`größe` LIKE 'x_%' AND tags.k = '$u'", "tags.k = '$u' and name != '$u-a'", "tag.k ILIKE '%$u%'", "attribute.name ILIKE '$u-A'",
    "attribute.creation_time > 0 AND tags.k='$u'", "creation_time = 1", "creation_time != 1 AND tags.k = '$u'",
    "last_update_time >= 1 AND last_update_time < 99999999999999 AND tags.k = '$u'", "creation_time > 1.5e3 AND tags.k = '$u'",
    "creation_time LIKE '1'", "creation_time IN (1)", "creation_time > abc", "name = $u", "name = `x`", 'name = "$u-a"', "name == '$u-a'",
    "name <> 'x'", "name > 'x'", "name IN ('$u-a', '$u-b')", "experiment_id = '$a'", "experiment_id != '$a' AND tags.k = '$u'",
    "experiment_id IN ('$a')", "experiment_id IN ('$a',)", "experiment_id IN ($a, $b)", "experiment_id IN ()", "experiment_id IN ('x')",
    "experiment_id NOT IN ('$a') AND tags.k = '$u'", "experiment_id LIKE '1'", "lifecycle_stage = 'active'", "artifact_location = 'x'",
    "params.x = '1'", "tags.k", "tags.k =", "= 'x'", "NOT name = 'a'", "tags.k IS NULL AND name = 'x'", "tags.nope IS NOT NULL",
    "tags.k is not null and name = '$u-a'", "creation_time IS NULL", "tags.k > 'a'", "tags.k IN ('$u')", "tags.k = 5",
)  # fmt: skip
_EXPERIMENT_SEARCHES = (
    {"max_results": "2"}, {"max_results": 2.0}, {"max_results": 2.5}, {"max_results": "x"}, {"max_results": True}, {"max_results": 1000000},
    {"max_results": 2147483648}, {"filter": 5}, {"order_by": "name"}, {"order_by": ["name", "name DESC"]}, {"order_by": ["name", "attribute.name"]},
    {"order_by": ["creation_time", "creation_time"]}, {"order_by": ["Name"]}, {"order_by": ["attributes.name"]}, {"order_by": ["experiment_id ASC"]},
    {"order_by": ["experiment_id DESC"]}, {"order_by": ["lifecycle_stage"]}, {"order_by": [""]}, {"order_by": ["name  DESC"]},
    {"order_by": ['name\tDESC']}, {"order_by": ["name desc"]}, {"order_by": ["`name`"]}, {"page_token": ""}, {"page_token": "bm90aGluZw=="},
    {"page_token": "evilhax"}, {"view_type": "ALL"}, {"view_type": "x"}, {"view_type": None},
)  # fmt: skip
_MODELS = (
    {"name": "$u", "description": None}, {"name": "$u", "description": ""}, {"name": "$u", "description": "d" * 5001},
    {"name": "$u", "description": 5}, {"name": "$u", "tags": None}, {"name": "$u", "tags": "x"}, {"name": "$u", "tags": [{}]},
    {"name": "$u", "tags": [{"key": "a"}]}, {"name": "$u", "tags": [{"key": "", "value": "1"}]},
    {"name": "$u", "tags": [{"key": "a b/c", "value": "1"}]}, {"name": "$u", "tags": [{"key": "a", "value": "v" * 100000}]},
    {"name": "$u", "deployment_job_id": "j"}, {"name": None}, {"name": 5}, {"name": "a/b"}, {"name": "a:b"}, {"name": 'a\tb$u'}, {"name": " $u"},
    {"name": "$u "}, {"name": "./$u"}, {"name": "$u/.."}, {"name": "$u\\x"}, {"name": "$u#x?y&z=1"}, {"name": "$u;x"}, {"name": "模型$u"},
)  # fmt: skip
_MODEL_FILTERS = (
    "name LIKE '$u-RM%'", "name LIKE '$u%' AND name lIkE '%4%'", "name ilike '$u-rm4a%'", "name iLike '$u-%%'", "name LIKE '$u_RM1'",
    "name!=something", "name = something", "run_id='x'", "source_path = 'A/D'", "evilhax = true", "evilhax = 'x'",
    "tag.t3 = 'XYZ' AND name LIKE '$u%'", "tag.t1 LIKE '$u ab%'", "tag.t1 ILIKE '$u AB%'", "tag.t1 LIKE '$u ab%' AND tag.t2 LIKE 'xy%'",
    "tag.t3 = 'XYz' AND name LIKE '$u%'", "tag.T3 = 'XYZ'", "tag.t1 != '$u abc' AND name LIKE '$u%'", "tag.t1 != '$u abcd' and tag.t1 LIKE '$u ab%'",
    "tags.größe LIKE '模%' AND name LIKE '$u%'", 'tags.t1 = "$u"', "name LIKE", "name =", "name", "name IN ('$u-RM1',)", "name IN ()", "name IN (1)",
    "name NOT IN ('$u-RM1') AND name LIKE '$u%'", "name NOT LIKE 'x' AND name LIKE '$u%'", "tags.t3 IN ('XYZ')", "tags.t3 > 'a'", "tags.t3 = 5",
    "timestamp > 5", "version_number = 1", "aliases = 'x'", "name = '$u-RM1' AND name = '$u-RM1'", "name = '$u-RM1' and name != '$u-RM4A'",
    "name == '$u-RM1'", "name <> 'x'", "Name = '$u-RM1'", "tag.`mlflow.prompt.is_prompt` != 'true' AND name LIKE '$u%'",
)  # fmt: skip
_VERSION_FILTERS = (
    "version_number=2 AND name = '$u-RM1'", "version_number<=1 AND name LIKE '$u%'", "version_number = '2' AND name = '$u-RM1'",
    "version_number = 'x'", "version_number LIKE '1'", "version_number = 2.0 AND name = '$u-RM1'", "run_id='$u-r1'", "run_id IN ('$u-r1','$u-r2')",
    "run_id IN ('$U-R1', '$u-r2')", "version_number=2 AND run_id IN ('$u-r1', '$u-r2')", "run_id IN (1,2,3)", "run_id LIKE '$u-r%'",
    "run_id ILIKE '$U-R2%'", "run_id IN ()", "run_id IN (", "run_id IN", "name LIKE", "run_id IN (,)", "run_id IN ('runid1',,'runid2')",
    "run_id NOT IN ('$u-r1') AND name LIKE '$u%'", "run_id != '$u-r1' AND name LIKE '$u%'", "source_path = 's3://$u/A/D'",
    "source_path = 's3://$u/A'", "source_path = '' AND name LIKE '$u%'", "source_path LIKE 's3://$u%'", "source_path ILIKE 'S3://$u%'",
    "source_path != 's3://$u/A/D' AND name LIKE '$u%'", "name = '$u-RM1' and tag.t2 = 'xyz'", "tag.`t2` = 'xyz' AND name LIKE '$u%'",
    "tag.t2 != 'xy' AND name LIKE '$u%'", "tag.t2 LIKE 'xY%' AND name LIKE '$u%'", "tag.t2 ILIKE 'xY%' AND name LIKE '$u%'",
    "tag.T2 = 'xyz' AND name LIKE '$u%'", "tag.t1 = '$u abc' and tag.t2 LIKE 'x%'", "tag.t2 like 'x%' and tag.t2 != 'xyz' and tag.t1 = '$u abc'",
    "name = '$u-RM1' AND name = '$u-RM4A'", "current_stage = 'None'", "creation_timestamp > 5", "last_updated_timestamp > 5",
    "creation_timestamp > 5 AND name LIKE '$u%'", "user_id = 'x'", "description = 'x'", "model_id = 'x'", "status = 'READY'", "aliases = 'a'",
    "version = 1", "run_link = 'x'", "attribute.run_id = '$u-r1'", "name = 5", "tags.t1 = 5", "metrics.a > 1", "name IN ('$u-RM1', '$u-RM4A')",
    "name NOT IN ('$u-RM1') AND name LIKE '$u%'",
)  # fmt: skip
_MODEL_ORDERS = (
    ["name DESC"], ['timestamp\tASC', "name"], ['timestamp\r\rASC'], ['timestamp\nASC'], ["timestamp  aSC"], ["timestamp  deSc", "name deSc"],
    ["name   DESC"], ["name ASC", "creation_timestamp DESC"], ["name ASC", "last_updated_timestamp DESC blah"], ["NAME"], [""], ["tag.t1"],
)  # fmt: skip
_VERSION_ORDERS = (
    ["name DESC"], ["version_number DESC"], ["creation_timestamp DESC"], ["last_updated_timestamp ASC"], ["name ASC", "run_id DESC"],
    ["name ASC", "last_updated_timestamp DESC blah"], ["version_number", "name DESC"], ["timestamp"], ["version"], [""], ["source_path"],
)  # fmt: skip
_SOURCES = (
    "s3://x", "s3://x/", "mlflow-artifacts:", "gs://b//",
    "mlflow-artifacts:/models", "mlflow-artifacts:/models/", "mlflow-artifacts:/models///", "mlflow-artifacts:/models/foo///bar",
    "mlflow-artifacts://host:9000/models/../../../", "http://host:9000/models/../../../", "https://host/api/2.0/mlflow-artifacts/artifacts/../../../",
    "s3a://my_bucket/api/../../../", "ftp://host:8888/../../../", "mlflow-artifacts:/models/..%2f..%2fartifacts",
    "mlflow-artifacts:/models/artifact%00", "mlflow-artifacts:/models/artifact/..../", "file:///tmp", "/tmp", "s3://b/x?a=b", "s3://b/x#y",
    "s3://b/a%20b", "s3://b/größe", "S3://b/x", "dbfs:/a/../b", "hdfs:///x", "gs://b/..", "models:/$u/1", "models:/$u/99", "models:/$u@nope",
    "models:/$u/latest", "models:/", "runs:/", "runs:/x", "unknown://x/y", "C:\\x", "\\\\host\\x", "~/x", "$HOME/x",
)  # fmt: skip

_THREE = (
    post("experiments/create", name="$u-a", tags=[{"key": "k", "value": "$u"}], save={"a": "experiment_id"}),
    post(
        "experiments/create",
        name="$u-b",
        tags=[{"key": "k", "value": "$u"}, {"key": "größe", "value": "x_%"}],
        save={"b": "experiment_id"},
    ),
    post("experiments/create", name="$u-größe", tags=[{"key": "k", "value": "$u"}], save={"c": "experiment_id"}),
)
_REGISTERED = (
    post("registered-models/create", name="$u-RM1", tags=[{"key": "t1", "value": "$u abc"}, {"key": "t2", "value": "xyz"}]),
    post("registered-models/create", name="$u-RM4A", tags=[{"key": "t1", "value": "$u abcd"}, {"key": "t2", "value": "xyz123"}, {"key": "t3", "value": "XYZ"}]),
    post("registered-models/create", name="$u-RM4ab", tags=[{"key": "t1", "value": "$u"}, {"key": "größe", "value": "模_%"}]),
    post("model-versions/create", name="$u-RM1", source="s3://$u/A/B", run_id="$u-r1", tags=[{"key": "t1", "value": "$u abc"}, {"key": "t2", "value": "xyz"}]),
    post("model-versions/create", name="$u-RM1", source="s3://$u/A/C", run_id="$u-r2", tags=[{"key": "t1", "value": "$u abc"}, {"key": "t2", "value": "x123"}]),
    post("model-versions/create", name="$u-RM4A", source="s3://$u/A/D", run_id="$u-r2"),
    post("model-versions/create", name="$u-RM4A", source="s3://$u/A/D"),
)  # fmt: skip
M = post("registered-models/create", name="$u")
V = post("model-versions/create", name="$u", source="s3://b/x")
GET = get("registered-models/get", name="$u")


def case(name: str, *steps: Step) -> Case:
    return Case(f"corners: {name}", steps)


def numbered(body: dict[str, Any], number: int) -> dict[str, Any]:
    """With a name that no other of the case has."""
    name = body.get("name")
    return {**body, "name": name.replace("$u", f"$u-{number}")} if isinstance(name, str) else body


def stage(version: Any, to: Any, archive: Any) -> Step:
    return Step(
        "POST",
        "model-versions/transition-stage",
        {"name": "$u", "version": version, "stage": to, "archive_existing_versions": archive},
    )


CASES = [
    case("creations of experiments", *[step for number, body in enumerate(_EXPERIMENTS) for step in (
        Step("POST", "experiments/create", numbered(body, number), {"exp": "experiment_id"}), get("experiments/get", experiment_id="$exp"))]),
    case("filters of experiments", *_THREE, *[post("experiments/search", max_results=20, filter=text, order_by=["name"]) for text in _EXPERIMENT_FILTERS]),
    case("searches of experiments", *_THREE, *[Step("POST", "experiments/search", {"filter": "tags.k = '$u'", "max_results": 5, **wish}) for wish in _EXPERIMENT_SEARCHES]),
    case("experiments renamed", *_THREE, post("experiments/update", experiment_id="$a", new_name="$u-a"), get("experiments/get", experiment_id="$a"),
         post("experiments/update", experiment_id="$a"), Step("POST", "experiments/update", {"experiment_id": "$a", "new_name": 5}), post("experiments/update", experiment_id="$a", new_name=" ")),
    case("runs of experiments that come and go", _THREE[0], post("runs/create", experiment_id="$a", user_id="u", start_time=1, run_name="r", save={"run": "run.info.run_id"}),
         post("runs/delete", run_id="$run"), post("experiments/delete", experiment_id="$a"), post("runs/restore", run_id="$run"), get("runs/get", run_id="$run"),
         post("experiments/restore", experiment_id="$a"), get("runs/get", run_id="$run"), post("experiments/restore", experiment_id="$a")),
    case("tags of experiments", _THREE[0], *[Step("POST", "experiments/set-experiment-tag", {"experiment_id": "$a", **body}) for body in (
        {"key": "multi line", "value": "a\nb"}, {"key": "k"}, {"key": "", "value": "1"}, {"value": "1"}, {"key": "x" * 250, "value": "1"}, {"key": "x" * 251, "value": "1"},
        {"key": "v", "value": "v" * 20000}, {"key": "ä", "value": "模"}, {"key": "a\\b", "value": "1"}, {"key": 5, "value": "1"}, {"key": "n", "value": 5})],
        get("experiments/get", experiment_id="$a"), post("experiments/delete-experiment-tag", experiment_id="987654", key="nope"), post("experiments/delete-experiment-tag", experiment_id="$a", key="")),
    case("creations of models", *[step for number, body in enumerate(_MODELS) for step in (
        Step("POST", "registered-models/create", numbered(body, number)), get("registered-models/get", name=f"$u-{number}"))]),
    case("filters of models", *_REGISTERED, *[get("registered-models/search", filter=text, order_by=["name"]) for text in _MODEL_FILTERS]),
    case("filters of versions", *_REGISTERED, *[get("model-versions/search", filter=text, order_by=["name", "version_number"]) for text in _VERSION_FILTERS]),
    case("orders of models and versions", *_REGISTERED, *[get("registered-models/search", filter="name LIKE '$u%'", order_by=orders) for orders in _MODEL_ORDERS],
         *[get("model-versions/search", filter="name LIKE '$u%'", order_by=orders) for orders in _VERSION_ORDERS]),
    case("sources of versions", M, *[post("model-versions/create", name="$u", source=source) for source in _SOURCES]),
    case("a version of an unknown logged model", M, post("model-versions/create", name="$u", source="s3://b/x", model_id="m-nope"), V, GET),
    case("a model that comes again", M, V, delete("registered-models/delete", name="$u"), GET, delete("registered-models/delete", name="$u"), M, GET, V, GET),
    case("a model renamed and back", M, V, post("registered-models/alias", name="$u", alias="c", version="1"), post("registered-models/set-tag", name="$u", key="a", value="1"),
         post("registered-models/rename", name="$u", new_name="$u-n"), post("registered-models/rename", name="$u-n", new_name="$u"), GET,
         get("model-versions/get", name="$u", version="1"), get("registered-models/alias", name="$u", alias="c"), post("registered-models/rename", name="$u", new_name="$u")),
    case("latest versions by stage", M, V, V, V, stage("1", "Production", False), stage("2", "Staging", False), GET,
         *[Step("POST", "registered-models/get-latest-versions", {"name": "$u", **wish}) for wish in (
             {}, {"stages": ["production"]}, {"stages": ["Staging", "Production"]}, {"stages": []}, {"stages": ["x"]})],
         delete("model-versions/delete", name="$u", version="3"), GET, Step("POST", "registered-models/get-latest-versions", {"name": "$u", "stages": ["None"]})),
    case("stages in odd shapes", M, V, V, V, stage("1", "Staging", False), stage("2", "Production", False), stage("3", "Staging", True), stage("3", "Production", True),
         stage("1", "STAGING", True), stage("2", "StAgInG", True), stage("9", "Staging", False), stage("x", "Staging", False), stage("1", "unknown", False), GET),
    case("versions in odd shapes", M, V, *[get("model-versions/get", name="$u", version=number) for number in ("0", "-1", "01", "1.0", " 1", "1e0", "latest", "x")],
         Step("PATCH", "model-versions/update", {"name": "$u", "version": "1", "description": 5}), Step("DELETE", "model-versions/delete", {"name": "$u", "version": "0"})),
    case("aliases in odd shapes", M, V, V, *[Step("POST", "registered-models/alias", {"name": "$u", "alias": alias, "version": number}) for alias, number in (
        ("c", 1), ("c", "0"), ("c", "-1"), ("c", "01"), (5, "1"), ("Champion", "1"), ("champion", "2"), ("V10", "1"), ("v1.0", "1"), ("1", "1"), ("-", "2"))], GET,
        *[get("registered-models/alias", name="$u", alias=alias) for alias in ("Champion", "CHAMPION", "LATEST", "v1", "a b", "")],
        delete("registered-models/alias", name="$u", alias="latest"), delete("model-versions/delete", name="$u", version="2"), GET, get("registered-models/alias", name="$u", alias="latest")),
    case("a name longer than any model's", *[step(*where, name="n" * 257, **more) for step, *where, more in (
        (get, "registered-models/get", {}), (patch, "registered-models/update", {"description": "d"}), (delete, "registered-models/delete", {}),
        (post, "registered-models/set-tag", {"key": "a", "value": "1"}), (get, "registered-models/alias", {"alias": "c"}), (get, "model-versions/get", {"version": "1"}))]),
    case("a model with a name longer than any", post("registered-models/create", name="$u" + "n" * 257)),
    case("keys and aliases that none can have", *[step for name in ("$u", "a/b") for step in (
        delete("registered-models/delete-tag", name=name, key="a*"), delete("registered-models/alias", name=name, alias="a b"),
        *[delete("model-versions/delete-tag", name=name, version=version, key="a*") for version in ("1", "x")])]),
    case("tags twice in a new experiment", post("experiments/create", name="$u", tags=[{"key": "a", "value": "1"}, {"key": "a", "value": "2"}])),
]  # fmt: skip
