"""Figures, slices and examples come from the rows and the scores, and keep what the registry wants."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from graphql import build_schema
from graphql.utilities import coerce_input_value

from deploy.demo.estimators import estimator
from deploy.demo.flights import FEATURES, NUMERIC
from deploy.demo.plans import Plan
from deploy.demo.story.evaluating import Rows, baseline, evaluated, keep, kept, metrics_of, scored, worst
from deploy.demo.story.tables import Table


@pytest.fixture
def rows() -> Rows:
    """Two airports; scores below tell late from on time at EWR and nothing at JFK."""
    late = np.tile([0.0, 1.0], 400)
    frame = pd.DataFrame({"origin": ["EWR"] * 400 + ["JFK"] * 400, "carrier": ["UA"] * 800})
    return Rows(Table("flights-holdout", "d1", "", "", 800), frame, [f"f{number}" for number in range(800)], late)


def _scores(rows: Rows) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    known = np.where(rows.late == 1, 0.9, 0.1)
    known[400:] = 0.5
    return known


def test_the_weakest_slice_is_named_with_its_figure(rows: Rows) -> None:
    document = scored(rows, _scores(rows)).document
    assert worst(document) == [
        "Weakest origin: JFK, ROC-AUC 0.500 on 400 flights.",
        "Weakest carrier: UA, ROC-AUC 0.875 on 800 flights.",
    ]


def test_the_split_is_sealed_and_every_row_has_its_loss(rows: Rows) -> None:
    document = scored(rows, _scores(rows)).document
    assert document["split"] == {
        "name": "holdout",
        "dataset": "flights-holdout",
        "digest": "d1",
        "sealed": True,
        "rows": 800,
    }
    [losses] = document["rowScores"]
    assert np.mean(losses["scores"]) == pytest.approx(metrics_of(document)["log_loss"], abs=1e-4)
    assert sum(map(sum, document["confusion"]["counts"])) == 800


def test_two_models_on_the_same_rows_can_be_paired(rows: Rows) -> None:
    ours, theirs = scored(rows, _scores(rows)).document, baseline(rows, rows).document
    assert ours["rowScores"][0]["rowsDigest"] == theirs["rowScores"][0]["rowsDigest"]
    assert metrics_of(theirs)["roc_auc"] == 0.5


def test_a_document_waits_with_whose_it_is(rows: Rows, tmp_path: Path) -> None:
    keep(tmp_path, "2", scored(rows, _scores(rows)).of(version="2"))
    assert (kept(tmp_path, "2")["model"], kept(tmp_path, "2")["version"]) == ("flight-delay", "2")
    keep(tmp_path, "baseline", baseline(rows, rows).of(run="r1"))
    assert kept(tmp_path, "baseline")["runId"] == "r1"


def test_the_gateway_takes_every_field_of_a_full_evaluation() -> None:
    draw = np.random.default_rng(3)
    frame = pd.DataFrame(
        {name: draw.normal(size=9_000) if name in NUMERIC else draw.choice(["a", "b"], 9_000) for name in FEATURES}
    ).astype({name: object for name in FEATURES if name not in NUMERIC})
    late = (frame["temp"] + draw.normal(size=9_000) > 1).to_numpy().astype(float)
    part = Rows(Table("flights-holdout", "d1", "", "", 9_000), frame, [f"f{n}" for n in range(9_000)], late)
    plan = Plan("anna", "small", "boosting", "", {"max_iter": 3})
    model = estimator(plan).fit(frame, late)
    found = evaluated(model, plan, {"training": part, "validation": part, "holdout": part}).of(version="1")
    schema = build_schema(Path("services/gateway/schema.graphql").read_text())
    coerce_input_value(found.document, schema.type_map["RecordEvaluationInput"])  # raises what doesn't fit
    assert {"latency_ms", "size_mb", "roc_auc", "log_loss"} <= set(found.metrics)
    assert {entry["feature"] for entry in found.document["explanation"]["importances"]} == set(FEATURES)
    assert len(found.document["explanation"]["examples"]) == len(found.document["seeds"]) == 3
