"""When two runs are the same experiment: normalised values, fingerprints, and tokens by which near ones are found.

A run's parameters fall into `GROUPS` groups by their keys. A token is a hash of all parameters but those of one or two
groups: two runs that differ in one or two parameters share at least one token, whichever these are. Runs with a token
in common are candidates, found by an index; what really differs is then told by comparing them.
"""

from __future__ import annotations

import ast
import decimal
import functools
import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from services.contracts.duplicates import Difference

GROUPS = 5
"""Gives 1 + 5 + 10 tokens a run. Fewer make larger buckets to compare, more a larger index."""
NEAR = 2
"""Differences up to which a run counts as near; tokens find no others for certain."""
LONGEST_PARSED = 2000
"""Characters of a value that is read as a list or mapping; a longer one is compared as text."""

DUPLICATE_TAG = "lifecycle.duplicate_of"
DEFAULTS_TAG = "lifecycle.defaults"
"""On an experiment: the values, as a JSON object, that parameters have when a run doesn't name them."""

ENTRY_POINT_TAG = "mlflow.project.entryPoint"

DATASET = "dataset"
CODE = "code version"
ENTRY = "entry point"

_NUMBER = re.compile(r"[+-]?(\d{1,28}\.?\d{0,28}|\.\d{1,28})([eE][+-]?\d{1,4})?", re.ASCII)
_NOTHING = frozenset({"none", "null"})


class Fingerprint(msgspec.Struct, frozen=True, kw_only=True):
    """What makes an experiment the one it is. None: not known, and therefore not compared.

    `params` hold normalised values, without those that have their default.
    """

    params: dict[str, str]
    datasets: list[str] | None = None
    code: str | None = None
    entry: str | None = None


def normalised(text: str) -> str:
    """One way to write a value: `1`, `1.0` and `1e0` are the same, so are `True` and `true`, `(1, 2)` and `[1,2.0]`."""
    text = text.strip()
    lower = text.lower()
    if lower in ("true", "false"):
        return lower
    if lower in _NOTHING:
        return "none"
    if _NUMBER.fullmatch(text):
        return _number(text)
    if text[:1] in ("[", "(", "{") and len(text) <= LONGEST_PARSED:
        return _container(text)
    return text


@functools.lru_cache(maxsize=10_000)
def _number(text: str) -> str:
    value = decimal.Decimal(text)
    with decimal.localcontext() as exact:
        exact.prec = 60
        return str(value.normalize()) if value else "0"


def _container(text: str) -> str:
    for parse in (json.loads, ast.literal_eval):
        try:
            value = parse(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
        return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"))
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((_plain(entry) for entry in value), key=str)
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return normalised(str(value)) if not isinstance(value, str) else value.strip()


def fingerprint(
    params: Mapping[str, str],
    datasets: Iterable[str] | None,
    code: str | None,
    entry: str | None,
    defaults: Mapping[str, str],
) -> Fingerprint:
    """A parameter with its default value counts as not named; datasets are a set of digests."""
    usual = {key: normalised(value) for key, value in defaults.items()}
    values = {key: normalised(value) for key, value in params.items()}
    return Fingerprint(
        params={key: value for key, value in sorted(values.items()) if usual.get(key) != value},
        datasets=None if datasets is None else sorted({digest for digest in datasets if digest}),
        code=code or None,
        entry=entry or None,
    )


def entry_point(source: str | None) -> str | None:
    """The file's name: the same script lies in another directory at each colleague's."""
    return re.split(r"[/\\]", source.rstrip("/\\"))[-1] or None if source else None


def comparable(one: Fingerprint) -> bool:
    """Runs that said nothing about themselves aren't the same experiment."""
    return bool(one.params)


# ---------------------------------------------------------------- finding


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """`whole` of all parameters, `one` without each group, `two` without each pair; signed 64-bit numbers."""

    whole: int
    one: list[int]
    two: list[int]

    def all(self) -> list[int]:
        return list(dict.fromkeys([self.whole, *self.one, *self.two]))


def tokens(params: Mapping[str, str]) -> Tokens:
    """The tokens of normalised parameters, in whatever order they come."""
    groups: list[list[tuple[str, str]]] = [[] for _ in range(GROUPS)]
    for key, value in sorted(params.items()):
        groups[_group(key)].append((key, value))

    texts = [json.dumps([number, group], separators=(",", ":")) for number, group in enumerate(groups)]
    found = [_hash(f"{start}{','.join([texts[number] for number in kept])}]]") for start, kept in _LEAVING_OUT]
    return Tokens(whole=found[0], one=found[1 : GROUPS + 1], two=found[GROUPS + 1 :])


def _leaving_out() -> list[tuple[str, list[int]]]:
    """For nothing, each group and each pair of groups: how the token's text begins, and the groups that stay."""
    cases = [left_out for size in range(3) for left_out in itertools.combinations(range(GROUPS), size)]
    return [
        (f"[[{','.join(map(str, left_out))}],[", [number for number in range(GROUPS) if number not in left_out])
        for left_out in cases
    ]


_LEAVING_OUT = _leaving_out()


@functools.lru_cache(maxsize=10_000)
def _group(key: str) -> int:
    return _hash(key) % GROUPS


def data_token(datasets: Iterable[str]) -> int:
    return _hash(json.dumps(sorted(set(datasets))))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), signed=True)


# ---------------------------------------------------------------- comparing


def differences(asked: Fingerprint, found: Fingerprint) -> list[Difference]:
    """Everything known on the asked side that is different on the other, parameters by name first."""
    keys = sorted(asked.params.keys() | found.params.keys())
    differing = [
        Difference(key=key, asked=asked.params.get(key), found=found.params.get(key))
        for key in keys
        if asked.params.get(key) != found.params.get(key)
    ]
    if asked.datasets is not None and asked.datasets != (found.datasets or []):
        differing.append(
            Difference(key=DATASET, asked=", ".join(asked.datasets), found=", ".join(found.datasets or []))
        )
    if asked.code is not None and asked.code != found.code:
        differing.append(Difference(key=CODE, asked=asked.code, found=found.code))
    if asked.entry is not None and asked.entry != found.entry:
        differing.append(Difference(key=ENTRY, asked=asked.entry, found=found.entry))
    return differing


def is_near(differing: list[Difference]) -> bool:
    """At most `NEAR` parameters differ; data, code and entry point may, too."""
    others = {DATASET, CODE, ENTRY}
    return sum(difference.key not in others for difference in differing) <= NEAR


def effect(asked: Mapping[str, float], found: Mapping[str, float]) -> dict[str, float]:
    """Found minus asked, for the metrics that both have."""
    return {key: found[key] - asked[key] for key in sorted(asked.keys() & found.keys())}
