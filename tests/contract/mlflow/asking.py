"""Cases as data: requests sent to a server one after the other, and answers made comparable between servers."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.contract.mlflow.known import WORDED_OTHERWISE

TIMES = {
    "creation_time",
    "last_update_time",
    "creation_timestamp",
    "last_updated_timestamp",
    "creation_timestamp_ms",
    "last_updated_timestamp_ms",
}
UNORDERED = {
    "tags",
    "params",
    "metrics",
    "aliases",
    "dataset_inputs",
    "model_outputs",
    "model_inputs",
    "latest_versions",
}
ORDERED = {("answer", "metrics"), ("dataset_inputs", "tags")}
"""What has an order all the same, with where it stands: a history, and the tags that clients get as a list."""
TOKENS = {"next_page_token"}
ABSENT = "<absent>"


@dataclass(frozen=True)
class Step:
    """One request. `body` goes as JSON (as query with GET); `save` names parts of the answer for later steps.

    `$name` in texts stands for what was saved, `$u` for a word that is unique to the case.
    """

    method: str
    path: str
    body: Any = None
    save: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    compare: bool = True
    message: bool = False
    told: tuple[str, ...] = ()
    """Headers of the answer that are compared too."""


@dataclass(frozen=True)
class Case:
    """`differs` says why ours answers differently on purpose; then it must."""

    name: str
    steps: tuple[Step, ...]
    differs: str = ""


def get(path: str, /, *, save: Mapping[str, str] | None = None, **query: Any) -> Step:
    return Step("GET", path, query, save or {})


def post(path: str, /, *, save: Mapping[str, str] | None = None, **body: Any) -> Step:
    return Step("POST", path, body, save or {})


def patch(path: str, /, *, save: Mapping[str, str] | None = None, **body: Any) -> Step:
    return Step("PATCH", path, body, save or {})


def delete(path: str, /, *, save: Mapping[str, str] | None = None, **body: Any) -> Step:
    return Step("DELETE", path, body, save or {})


def put(path: str, /, content: bytes) -> Step:
    return Step("PUT", path, raw=content)


class Server:
    """One of the two, over a client that cases share, with what was saved for the case under way."""

    def __init__(self, client: httpx.Client, unique: str) -> None:
        self._client = client
        self.saved: dict[str, str] = {"u": unique}

    def ask(self, step: Step) -> dict[str, Any]:
        """Sends the request; the answer, comparable."""
        response = self.raw(step)
        answer = _json(response)
        for name, path in step.save.items():
            self.saved[name] = str(_at(answer, path))
        comparable = self._comparable(answer, within="answer")
        said = ""
        if response.status_code >= 400 and isinstance(comparable, dict):
            said = _beginning(comparable.get("message"))
            comparable = {key: comparable.get(key) for key in ("error_code", *(["message"] if step.message else []))}
        told = {name: response.headers.get(name) for name in step.told}
        return {"status": response.status_code, "answer": comparable, "said": said, **told}

    def raw(self, step: Step) -> httpx.Response:
        """The answer as it came."""
        path = self._filled(step.path)
        address = path if path.startswith("/") else f"/api/2.0/mlflow/{path}"
        if step.raw is not None:
            headers = {"content-type": "application/json", **step.headers} if step.method != "PUT" else step.headers
            return self._client.request(step.method, address, content=step.raw, headers=dict(headers))
        body = self._filled(step.body)
        if step.method == "GET":
            return self._client.get(address, params=body)
        return self._client.request(step.method, address, json=body, headers=dict(step.headers))

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return re.sub(r"\$(\w+)", lambda found: self.saved.get(found.group(1), found.group(0)), value)
        if isinstance(value, Mapping):
            return {self._filled(key): self._filled(entry) for key, entry in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, bytes):
            return [self._filled(entry) for entry in value]
        return value

    def _comparable(self, value: Any, key: str = "", within: str = "") -> Any:
        if isinstance(value, Mapping):
            return {name: self._comparable(entry, name, within=key or within) for name, entry in value.items()}
        if isinstance(value, list):
            entries = [self._comparable(entry, key) for entry in value]
            sorts = key in UNORDERED and (within, key) not in ORDERED
            return sorted(entries, key=_in_any_spelling) if sorts else entries
        if key in TIMES:
            return "<time>"
        if key in TOKENS:
            return "<token>"
        if key == "experiment_id" and value != "0" and value not in self.saved.values():
            return "<experiment>"
        if isinstance(value, str):
            value = re.sub(r"^mlflow-artifacts:/(?!0)\d+$", self._location, value)
            for name, saved in sorted(self.saved.items(), key=lambda item: -len(item[1])):
                if saved not in value or saved == ABSENT:
                    continue
                if len(saved) > 5 or (key == "experiment_id" and value == saved):
                    value = value.replace(saved, f"${name}")
                else:  # the number of an experiment, where it can be nothing else
                    value = re.sub(rf"(?<=[/'=]){re.escape(saved)}(?![\w.])", f"${name}", value)
        return value

    def _location(self, found: re.Match[str]) -> str:
        """The place of an experiment that wasn't saved."""
        number = found.group(0).rpartition("/")[2]
        return found.group(0) if number in self.saved.values() else "<location>"


def _in_any_spelling(entry: Any) -> str:
    """What two servers sort the same, in whichever order they name an entry's fields."""
    return json.dumps(entry, sort_keys=True, default=repr)


def _beginning(message: object) -> str:
    """The first words of a refusal, which clients look for; nothing where a database speaks."""
    if not isinstance(message, str) or "sqlite" in message.lower():
        return ""
    return " ".join(re.sub(r"\d+", "#", message).split()[:2])


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return response.text if response.status_code < 400 else {}


def _at(answer: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(answer, list) and int(part) < len(answer):
            answer = answer[int(part)]
        else:
            answer = answer.get(part, ABSENT) if isinstance(answer, Mapping) else ABSENT
    return answer


def timestamps(answer: Any, path: str = "") -> Iterator[tuple[str, int]]:
    """Every timestamp in an answer, with where it stands."""
    if isinstance(answer, Mapping):
        for key, value in answer.items():
            if key in TIMES:
                yield f"{path}.{key}", value
            yield from timestamps(value, f"{path}.{key}")


def apart(mine: Any, peers: Any, path: str = "") -> Iterator[str]:
    """Where two answers differ."""
    if isinstance(mine, dict) and isinstance(peers, dict):
        for key in sorted(mine.keys() | peers.keys()):
            yield from apart(mine.get(key, ABSENT), peers.get(key, ABSENT), f"{path}.{key}")
    elif isinstance(mine, list) and isinstance(peers, list) and len(mine) == len(peers):
        for number, (one, other) in enumerate(zip(mine, peers, strict=True)):
            yield from apart(one, other, f"{path}[{number}]")
    elif mine != peers:
        yield f"  {path or '.'}: ours {mine!r}, the peer's {peers!r}"


def differences(case: Case, mine: Sequence[Any], peers: Sequence[Any]) -> Iterator[str]:
    """What the two answered differently, step by step."""
    for number, (step, one, other) in enumerate(zip(case.steps, mine, peers, strict=True), start=1):
        if step.compare and (parts := list(apart(_without_words(one, other), _without_words(other, one)))):
            yield "\n".join([f"step {number} {step.method} {step.path} {step.body}", *parts])


def _without_words(answer: Any, beside: Any) -> Any:
    """`answer`, without its words where they needn't be those of the other."""
    if not isinstance(answer, dict) or not isinstance(beside, dict):
        return answer
    said = {answer["said"], beside["said"]}
    alike = "" in said or any(said == set(pair) for pair in WORDED_OTHERWISE)
    return {key: value for key, value in answer.items() if key != "said" or not alike}
