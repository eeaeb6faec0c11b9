"""What versions of datasets are named by and made of."""

from __future__ import annotations

from typing import Literal

from services.contracts.base import Message

Origin = Literal["file", "upload", "mlflow"]
"""`file`: read by `lifecycle dataset add`; `upload`: sent to the registry; `mlflow`: named by a run as its input."""
SplitRole = Literal["train", "validation", "test", "other"]
DIGEST_LENGTH = 32
"""Of a file's SHA-256 in hexadecimal digits: short enough to be given to `mlflow.data.from_pandas(digest=…)`."""


class DatasetKey(Message, frozen=True, kw_only=True):
    """One version. Written as one text, it is `name@digest`."""

    dataset: str
    digest: str


class Field(Message, frozen=True, kw_only=True):
    """A column of a schema. `type` is the name in the file or in MLflow's schema, such as `int64` or `double`."""

    name: str
    type: str
    nullable: bool = True


class Feature(Message, frozen=True, kw_only=True):
    """A column that a model learns from. `origin` says what it was made of, `at_inference` whether it will be there
    when the model is asked; a dropped one keeps its reason."""

    name: str
    origin: str = ""
    at_inference: bool = True
    dropped_because: str = ""


class Code(Message, frozen=True, kw_only=True):
    """What made a version: a commit of a repository, and the script or notebook."""

    version: str = ""
    repository: str = ""
    entry_point: str = ""
    run_id: str | None = None


class Split(Message, frozen=True, kw_only=True):
    """Part of a version, itself a version. A sealed one is for the final evaluation only."""

    role: SplitRole
    dataset: str
    digest: str
    name: str = ""
    rows: int | None = None
    sealed: bool = False
