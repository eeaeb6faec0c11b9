# ruff: noqa: E501  # tables: a case a line reads better than a case broken up
"""Where ours answers differently on purpose, and why. docs/guides/mlflow.md lists these."""

_NO_500 = "the peer fails with 500, which its client repeats for minutes; ours says what is wrong (400)"
_SAFER = "a path with a backslash may lead elsewhere on other systems; ours refuses it"
_NO_PAGE = "the peer answers an empty page that says there is more, for ever; ours refuses the size"
_PARTS = "the peer has transfers in parts with a cloud's storage only; ours always"
_ONCE = "the peer's database refuses what is there already; ours takes it again, as a retry is, and the last of two"
_REST = "the peer passes over a value of a wrong kind and over the rest of the request with it; ours refuses it"

DIFFERENCES = {
    "malformed: no JSON": "the peer answers 405 with a page; ours in MLflow's error shape",
    "malformed: unknown endpoint": "the peer answers 404 with a page; ours in MLflow's error shape",
    "experiments: rename to a taken name": "the peer tells what its database says; ours the code that creating one gets",
    "experiments: rename a deleted one": _NO_500,
    "runs: dataset without name or digest": "the peer keeps a dataset that has none; ours refuses it",
    "logged models: finalise NONSENSE": "the peer sets the status to unspecified; ours refuses a word that is none",
    "logged models: metric of a model twice": "the peer refuses a second value at the same step and time; ours keeps it",
    "logged models: on a dataset": "the peer finds nothing unless a digest is given too; ours takes any digest",
    "logged models: by status": "the peer compares the word with a number, until 3.18, and finds nothing; ours finds them",
    "logged models: a parameter that changes": "the peer tells what its database says; ours that it can't be changed",
    "logged models: metric of an unknown model": "the peer tells what its database says; ours that there is no such model",
    "logged models: bad token": _NO_500,
    "models: source of an unknown logged model": _NO_500,
    "models: search tags.x IS NULL": _NO_500,
    "versions: search tags.k IS NULL": _NO_500,
    "artifacts: uploaded by run_id": "the peer knows run_uuid only, until 3.18; ours both",
    "artifacts: a directory downloaded": "the peer's refusal names no error code; ours in MLflow's error shape",
    "artifacts: PUT a%5c..%5cb": _SAFER,
    "artifacts: DELETE /api/2.0/mlflow-artifacts/artifacts/%2fetc%2fpasswd": "the peer redirects to a path inside",
    "artifacts: multipart": _PARTS,
    "artifacts: presigned": "of an unknown file; " + _PARTS,
    "paging: registered models of no size": _NO_PAGE,
    "paging: registered models of a negative size": _NO_PAGE,
    "paging: logged models of a negative size": _NO_PAGE,
    "paging: history of a size in words": "the peer passes over a word where a number belongs; ours refuses it",
    "paging: runs with a token of null": _NO_500,
    "corners: tags twice in a new run": _ONCE,
    "corners: tags twice in a new experiment": _ONCE,
    "corners: parameters twice in a new logged model": _ONCE,
    "corners: a parameter of a logged model again": _ONCE,
    "corners: an output logged again": _ONCE,
    "corners: a tag whose text is a number": _REST,
    "corners: a tag of a new run without key": "the peer keeps a tag that has no key; ours refuses it",
    "corners: a run in no experiment": "the peer's database has none of that name; ours takes the default one, as it does to look one up",
    "corners: a run of nobody": "the peer names nobody; ours the user who asks, with tokens or without",
    "corners: inputs of runs found": "the peer tells a run's input models when it is looked up, not when it is found; ours always",
    "corners: NaN among many histories": "the peer writes a bare NaN, which is no JSON; ours a word, as everywhere else",
    "corners: a metric of a logged model that is no number": "the peer keeps 0 for it; ours NaN",
    "corners: a model with a name longer than any": "the peer's SQLite takes any length, its other databases don't; ours at most 256 characters",
    "parts: a local version on another host": _NO_500,
    "malformed: POST runs/update status as True": "a status that is no word is refused before the run is looked up",
}

WORDED_OTHERWISE = {
    ("Invalid attribute", "Invalid clause(s)"),
    ("Invalid attribute", "Invalid entity"),
    ("Invalid attribute", "Invalid order_by"),
    ("Invalid clause(s)", "Invalid comparison"),
    ("Invalid clause(s)", "Invalid entity"),
    ("Invalid clause(s)", "Search filter"),
    ("Invalid comparator", "Expected a"),
    ("Invalid comparison", "Invalid comparison:"),
    ("Invalid filter", "Invalid comparison"),
    ("Invalid order_by", "Invalid identifier"),
    ("Expected numeric", "Invalid comparison"),
    ("Missing value", "Invalid value"),
    ("Only the", "Only the"),
    ("Parameter value", "Invalid clause(s)"),
    ("While parsing", "Expected numeric"),
    ("While parsing", "Only ['name',"),
}
"""How the messages of refusals begin where they don't begin alike: the peer takes filters apart in another order."""
