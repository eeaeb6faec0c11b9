# ruff: noqa: E501  # tables: a case a line reads better than a case broken up
"""Page sizes and page tokens of every list: odd ones, forged ones, and those of another search."""

import base64
import dataclasses
from typing import Any

from tests.contract.mlflow.asking import Case, Step, get, post
from tests.contract.mlflow.cases.runs import EXP, RUN, batch, metric

_TAGGED = [{"key": "t", "value": "$u"}]
_SETS = {
    "runs": (
        EXP, RUN, post("runs/create", experiment_id="$exp", user_id="anna", start_time=2000, run_name="second", save={"second": "run.info.run_id"}),
    ),
    "experiments": tuple(
        post("experiments/create", name=f"$u-{n}", tags=_TAGGED, save={f"exp{n}": "experiment_id"}) for n in "abc"
    ),
    "logged models": (
        EXP, *[post("logged-models", experiment_id="$exp", name=n, save={f"lm{n}": "model.info.model_id"}) for n in "abc"],
    ),
    "registered models": tuple(post("registered-models/create", name=f"$u-{n}") for n in "abc"),
    "versions": (
        post("registered-models/create", name="$u"), *[post("model-versions/create", name="$u", source="s3://b/x")] * 3,
    ),
    "history": (EXP, RUN, batch(metrics=[metric("a", v, v, v) for v in range(3)])),
}  # fmt: skip
_LISTS = {
    "runs": post("runs/search", experiment_ids=["$exp"], order_by=["run_name"]),
    "experiments": post("experiments/search", filter="tags.t = '$u'", order_by=["name"]),
    "logged models": post("logged-models/search", experiment_ids=["$exp"], order_by=[{"field_name": "name"}]),
    "registered models": get("registered-models/search", filter="name LIKE '$u%'"),
    "versions": get("model-versions/search", filter="name = '$u'", order_by="version_number"),
    "history": get("metrics/get-history", run_id="$run", metric_key="a"),
}
_SIZES = ("5", 1001, 50001, 200001, 2**31)


def _token(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


_FORGED = ("???", _token("x"), _token("{}"), _token('{"offset": "x"}'), _token('{"offset": 99999}'), "")


def _with(step: Step, **more: Any) -> Step:
    return dataclasses.replace(step, body={**step.body, **more})


def _first(step: Step) -> Step:
    """The first page, of one."""
    return dataclasses.replace(_with(step, max_results=1), save={"token": "next_page_token"})


def _case(kind: str, name: str, *steps: Step) -> Case:
    return Case(f"paging: {kind} {name}", (*_SETS[kind], *steps))


_MODELS = post("logged-models/search", experiment_ids=["$exp"])
CASES = [
    Case("paging: logged models of no stated size", (
        EXP, *[post("logged-models", experiment_id="$exp", name=f"m{n}", save={f"lm{n}": "model.info.model_id"}) for n in range(51)],
        *[post("logged-models/search", experiment_ids=["$exp"], order_by=[{"field_name": "name"}], **size) for size in ({}, {"max_results": None}, {"max_results": 0})],
    )),
    *[
        _case(kind, "in pages", _first(step), _with(step, max_results=1, page_token="$token"), _with(step, max_results=9, page_token="$token"))
        for kind, step in _LISTS.items()
    ],
    *[_case(kind, "of odd sizes", *[_with(step, max_results=size) for size in _SIZES]) for kind, step in _LISTS.items()],
    *[_case(kind, "of no size", _with(step, max_results=0)) for kind, step in _LISTS.items()],
    *[_case(kind, "with forged tokens", *[_with(step, max_results=5, page_token=token) for token in _FORGED]) for kind, step in _LISTS.items()],
    _case(
        "logged models", "with the tokens of other searches", _first(_MODELS),
        *[
            dataclasses.replace(_with(_MODELS, **other, page_token="$token"), message=message)
            for other, message in (({"order_by": [{"field_name": "name"}]}, False), ({"experiment_ids": ["0"]}, True), ({"filter": "name = 'a'"}, True))
        ],
    ),
    _case("runs", "with the tokens of other searches", _first(_LISTS["runs"]), post("runs/search", experiment_ids=["$exp"], filter="metrics.a > 5", page_token="$token"),
          _with(_MODELS, page_token="$token")),
    *[_case("runs", f"with a token {name}", _with(_LISTS["runs"], page_token=_token(text))) for name, text in
      (("of null", "null"), ("before the start", '{"offset": -1}'), ("of the start", '{"offset": 0}'))],
    *[_case(kind, "of a negative size", _with(step, max_results=-1)) for kind, step in _LISTS.items()],
    _case("history", "of a size in words", _with(_LISTS["history"], max_results="many")),
    Case("paging: experiments without a size", (post("experiments/search"), get("experiments/search"))),
]  # fmt: skip
