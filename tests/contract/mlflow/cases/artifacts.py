# ruff: noqa: E501  # tables: a case a line reads better than a case broken up
"""Artifacts through the server: upload, listing, download, deletion, and paths that lead elsewhere."""

from tests.contract.mlflow.asking import Case, Step, delete, get, post, put

ROOT = "/api/2.0/mlflow-artifacts/artifacts"
EXP = post("experiments/create", name="$u", save={"exp": "experiment_id"})
RUN = post(
    "runs/create", experiment_id="$exp", user_id="a", start_time=1, run_name="r", save={"run": "run.info.run_id"}
)
MODEL = post("logged-models", experiment_id="$exp", name="m", save={"lm": "model.info.model_id"})
UPLOAD = "/ajax-api/2.0/mlflow/upload-artifact"
FILES = f"{ROOT}/$exp/$run/artifacts"


def case(name: str, *steps: Step) -> Case:
    return Case(f"artifacts: {name}", (EXP, RUN, *steps))


_HEADERS = ("content-type", "content-disposition", "x-content-type-options")


def listing(**query: str) -> Step:
    return get("artifacts/list", run_id="$run", **query)


CASES = [
    case("upload, list, download", put(f"{FILES}/a.txt", b"hello"), listing(), Step("GET", f"{FILES}/a.txt")),
    case("in directories", put(f"{FILES}/d/e/a.txt", b"1"), put(f"{FILES}/d/b.txt", b"22"), listing(), listing(path="d"),
         listing(path="d/e"), listing(path="d/e/a.txt"), listing(path="nope"),
         get(ROOT, path="$exp/$run/artifacts/d"), Step("GET", f"{FILES}/d/e/a.txt")),
    case("uploaded as pages do", *[Step("POST", UPLOAD + query, raw=b"hello", headers={"content-type": "text/plain"}) for query in (
        "?run_uuid=$run&path=t.txt", "?run_uuid=$run&path=d/e/t.txt", "?path=t.txt", "?run_uuid=$run", "?run_uuid=$run&path=",
        "?run_uuid=$run&path=../t.txt", "?run_uuid=nope&path=t.txt",
    )], Step("POST", UPLOAD + "?run_uuid=$run&path=t.txt", raw=b""), listing(), listing(path="d/e"), get("/get-artifact", run_uuid="$run", path="t.txt")),
    case("uploaded by run_id", Step("POST", UPLOAD + "?run_id=$run&path=t.txt", raw=b"hello"), listing()),
    case("overwritten", put(f"{FILES}/a.txt", b"1"), put(f"{FILES}/a.txt", b"22"), listing(), Step("GET", f"{FILES}/a.txt")),
    case("empty file", put(f"{FILES}/a.txt", b""), listing(), Step("GET", f"{FILES}/a.txt")),
    case("names with blanks and more", put(f"{FILES}/a b+c,d.txt", b"1"), listing(), Step("GET", f"{FILES}/a b+c,d.txt")),
    case("unicode names", put(f"{FILES}/größe/模型.txt", b"1"), listing(), listing(path="größe")),
    case("unknown file", Step("GET", f"{FILES}/nope", compare=False)),
    case("listing of nothing", listing()),
    case("listing of an unknown run", get("artifacts/list", run_id="0" * 32)),
    case("listing without a run", get("artifacts/list")),
    case("delete a file", put(f"{FILES}/a.txt", b"1"), put(f"{FILES}/b.txt", b"1"), delete(f"{FILES}/a.txt"), listing()),
    case("delete a directory", put(f"{FILES}/d/a.txt", b"1"), put(f"{FILES}/d/e/b.txt", b"1"), delete(f"{FILES}/d"), listing()),
    case("delete what isn't there", delete(f"{FILES}/nope"), delete(f"{FILES}/no/pe"), put(f"{FILES}/a.txt", b"1"), delete(f"{FILES}/a.txt"), delete(f"{FILES}/a.txt"), listing()),
    case("of a logged model", MODEL, put(f"{ROOT}/$exp/models/$lm/artifacts/MLmodel", b"x: 1"),
         get("logged-models/$lm/artifacts/directories"),
         get("/ajax-api/2.0/mlflow/logged-models/$lm/artifacts/files", artifact_file_path="MLmodel")),
    case("by run", put(f"{FILES}/a.txt", b"hello"), get("/get-artifact", run_id="$run", path="a.txt"),
         get("/get-artifact", run_uuid="$run", path="a.txt")),
    case("by run, unknown run", get("/get-artifact", run_id="0" * 32, path="a.txt")),
    *[
        case(f"listing of {path!r}", listing(path=path))
        for path in ("..", "../x", "a/../../x", "/etc", "%2e%2e/x", "..%2fx", "%252e%252e%252fx", "a#b", "file:///etc", "C:/x", "a\\b")
    ],
    *[
        case(f"listing of the root at {path!r}", get(ROOT, path=path))
        for path in ("..", "../x", "/etc", "%2e%2e/x", "a/../..", "file:///etc/passwd")
    ],
    *[
        case(f"{step.method} {step.path}", step)
        for method in ("GET", "DELETE")
        for step in (
            Step(method, f"{ROOT}/..%2f..%2fetc%2fpasswd", raw=b""),
            Step(method, f"{ROOT}/%2e%2e/%2e%2e/etc/passwd", raw=b""),
            Step(method, f"{ROOT}/a/%252e%252e/%252e%252e/b", raw=b""),
            Step(method, f"{ROOT}/%2fetc%2fpasswd", raw=b""),
        )
    ],
    *[
        case(f"PUT {path}", put(f"{ROOT}/{path}", b"x"))
        for path in ("..%2f..%2fx", "%252e%252e%252fx", "%2fetc%2fx", "a%23b", "%20../x", "a%5c..%5cb")
    ],
    *[
        case(f"headers of {name}", put(f"{FILES}/{name}", b"x"),
             Step("GET", f"{FILES}/{name}", told=_HEADERS), Step("GET", "/get-artifact", {"run_id": "$run", "path": name}, told=_HEADERS))
        for name in ("a.txt", "b.pkl", "c.png", "d.pdf", "MLmodel", "mlproject", "e.html", "f.svg", "g.csv", "h.json", "i.yaml", "j.py", "k.unknown",
                     "l", ".hidden", "m.TXT", "a b.txt", "größe.txt", "模型.bin", "x(1),y.txt", "dog+step+20+timestamp+100.png", "n.tar.gz", "o.webp")
    ],
    case("headers of refusals", Step("GET", f"{FILES}/nope", told=_HEADERS[2:]), Step("GET", f"{FILES}/..%2f..%2fx", told=_HEADERS[2:]),
         Step("GET", "/get-artifact", {"run_id": "$run", "path": "../x"}, told=_HEADERS[2:])),
    case("odd names", *[step for name in ("a%5cb.txt", "9.41.00%e2%80%afAM.png", "%c2%a0.txt", "'q'", "%22dq%22", "a%3fb=c&d;e", "~", "..x", "x..") for step in (
        put(f"{FILES}/odd/{name}", b"x"), Step("GET", f"{FILES}/odd/{name}"))], listing(path="odd")),
    case("a directory downloaded", put(f"{FILES}/d/a.txt", b"1"), Step("GET", f"{FILES}/d"), Step("GET", f"{ROOT}/$exp/$run")),
    case("a directory where a file is meant", put(f"{FILES}/d/a.txt", b"1"),
         get("/get-artifact", run_id="$run", path="d"), get("/get-artifact", run_id="$run", path=""), get("/get-artifact", run_id="$run", path="nope")),
    *[case(f"presigned {way} of {wish}", Step("POST", f"artifacts/presigned-{way}-url", wish, message=True)) for way in ("upload", "download") for wish in (
        {"path": "x"}, {"run_id": "$run"}, {"run_id": "nope", "path": "x"}, {"run_id": "$run", "path": "../x"}, {"run_id": "$run", "path": "x", "expiration": -1},
        {"run_id": "$run", "model_id": "m-1", "path": "x"}, {"model_id": "m-1", "path": "x"}, {"run_id": "$run", "path": "x", "expiration": 604801})],
    case("presigned upload", post("artifacts/presigned-upload-url", run_id="$run", path="a.txt")),
    case("presigned download", post("artifacts/presigned-download-url", run_id="$run", path="a.txt")),
    case("multipart", post("/api/2.0/mlflow-artifacts/mpu/create/$exp/$run/artifacts/a", path="a", num_parts=2)),
    case("presigned", get("/api/2.0/mlflow-artifacts/presigned/$exp/$run/artifacts/a")),
]  # fmt: skip
