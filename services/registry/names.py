"""MLflow's rules for keys, tags and ids, shared by every kind of entity."""

from __future__ import annotations

import json
import posixpath
import re

from services.contracts.errors import Invalid, TooLarge

_KEY = re.compile(r"[/\w.\- :]*")
_RUN_ID = re.compile(r"[a-zA-Z0-9][\w\-]{0,255}")

NOTE_TAG = "mlflow.note.content"
"""Where MLflow's pages keep the description of an experiment or run."""

_BAD_CHARACTERS = (
    "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) "
    "and slashes (/)."
)


def invalid_value(path: str, value: object, hint: str = "") -> Invalid:
    shown = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return Invalid(f"Invalid value {shown} for parameter '{path}' supplied{': ' + hint if hint else '.'}", field=path)


def missing_value(path: str) -> Invalid:
    return Invalid(f"Missing value for required parameter '{path}'.", field=path)


def too_long(path: str, limit: int) -> Invalid:
    return Invalid(f"'{path}' exceeds the maximum length of {limit} characters", field=path)


def check_key(key: str, path: str = "key") -> None:
    """A metric, parameter or tag key: MLflow's alphabet, and no path that resolves to another one."""
    if not _KEY.fullmatch(key):
        raise invalid_value(path, key, _BAD_CHARACTERS)
    check_path(key, path)


def check_path(name: str, path: str) -> None:
    """Raises Invalid for a name that leads elsewhere when taken for a path."""
    if is_ambiguous_path(name):
        raise invalid_value(
            path,
            name,
            "Names may be treated as files in certain cases, and must not resolve to other names when treated as "
            f"such. This name would resolve to {posixpath.normpath(name)!r}",
        )


def check_length(path: str, text: str, limit: int) -> None:
    if len(text) > limit:
        raise too_long(path, limit)


def is_ambiguous_path(name: str) -> bool:
    """Whether `name`, taken as a path, is not its own normal form, or leaves its directory."""
    normal = posixpath.normpath(name)
    return normal != name or normal == "." or normal.startswith(("..", "/"))


def check_run_id(run_id: str) -> None:
    if not _RUN_ID.fullmatch(run_id):
        raise invalid_value("run_id", run_id)


def checked_line(path: str, text: str, most: int) -> str:
    """One line that a person wrote, without blanks around it. Raises Invalid if nothing is left, TooLarge."""
    text = text.strip()
    if not text:
        raise Invalid(f"{path} is empty", field=path)
    if len(text) > most:
        raise TooLarge(f"{path} has {len(text)} characters; the most is {most}", field=path)
    return text
