"""From a plan to a scikit-learn pipeline that takes a frame of flights as it is."""

from collections.abc import Sequence

import pandas as pd
import pyarrow as pa
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from deploy.demo.flights import CATEGORICAL, NUMERIC
from deploy.demo.plans import Plan

_RARE = 50  # rows below which the linear model lumps categories together


def feature_frame(flights: pa.Table, rows: pa.Array | None, features: Sequence[str]) -> pd.DataFrame:
    """The features of some rows (None: all) as a frame: float64 and object columns, NaN or None where missing."""
    table = flights.select(list(features))
    table = table if rows is None else table.take(rows)
    frame: pd.DataFrame = table.to_pandas()
    return frame.astype({name: object for name in features if name in CATEGORICAL})


def estimator(plan: Plan) -> Pipeline:
    """An unfitted pipeline whose last step is a classifier with `predict_proba`."""
    numeric = [name for name in plan.features if name in NUMERIC]
    categorical = [name for name in plan.features if name in CATEGORICAL]
    match plan.kind:
        case "prior":
            return make_pipeline(DummyClassifier(strategy="prior"))
        case "logistic":
            encode = ColumnTransformer(
                [
                    ("numeric", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numeric),
                    (
                        "categorical",
                        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=_RARE),
                        categorical,
                    ),
                ]
            )
            return Pipeline([("encode", encode), ("classify", LogisticRegression(**plan.params))])
        case "boosting":
            missing = float("nan")
            ordinal = OrdinalEncoder(
                handle_unknown="use_encoded_value", unknown_value=missing, encoded_missing_value=missing
            )
            encode = ColumnTransformer([("numeric", "passthrough", numeric), ("categorical", ordinal, categorical)])
            codes = list(range(len(numeric), len(plan.features)))
            boosting = HistGradientBoostingClassifier(categorical_features=codes, **plan.params)
            return Pipeline([("encode", encode), ("classify", boosting)])
