"""Reads requests as MLflow's server does: JSON as protobuf takes it, query parameters, required fields.

Well-formed requests go one fast way: one typed msgspec decode. Only what that refuses is read again leniently
(numbers as strings, `NaN`, names in camel case), to be understood or refused in MLflow's words.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from starlette.datastructures import QueryParams
from starlette.requests import Request

from services.contracts.errors import Invalid
from services.registry.names import invalid_value

SEE_DOCS = " See the API docs for more information about request parameters."
INT64 = 2**63
Int64 = Annotated[int, msgspec.Meta(ge=-INT64, le=INT64 - 1)]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a message is made of. A field that wasn't sent is None or empty.

    An unknown field only sends a request the lenient way, where it may be another spelling, and is passed over.
    """


class Message(Part, frozen=True, kw_only=True):
    """A request's body or query; `required` fields must be there."""

    required: ClassVar[tuple[str, ...]] = ()


M = TypeVar("M", bound=Message)
S = TypeVar("S", bound=msgspec.Struct)


async def read(request: Request, kind: type[M], path: Mapping[str, str] | None = None) -> M:
    """The request as a `kind`; `path` holds parameters from the address. Raises Invalid in MLflow's words."""
    if request.method == "GET" and request.query_params:
        raw: Any = _from_query(request.query_params, kind)
    else:
        _check_content_type(request)
        body = await request.body()
        if not path:
            fast = _decoded(body, kind)
            if fast is not None:
                _check_required(kind, lambda name: getattr(fast, name, None))
                return fast
        raw = _loaded(body)
    if not isinstance(raw, dict):
        raise Invalid("The body must be a JSON object.", field="body")
    raw = {**raw, **(path or {})}
    _check_spelling(raw, kind)
    _check_required(kind, raw.get)
    return lenient(raw, kind)


def _decoded(body: bytes, kind: type[M]) -> M | None:
    try:
        message: M = _decoder(kind).decode(body)
    except msgspec.MsgspecError:
        return None
    return message


@cache
def _decoder(kind: type[Message]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def _check_content_type(request: Request) -> None:
    if request.method == "GET":
        return
    given = request.headers.get("content-type")
    if given is None:
        raise Invalid("Bad Request. Content-Type header is missing.", field="Content-Type")
    if given.partition(";")[0].strip().lower() != "application/json":
        raise Invalid("Bad Request. Content-Type must be one of ['application/json'].", field="Content-Type")


def _loaded(body: bytes) -> Any:
    """Python's own reader also takes NaN; some old clients encode their JSON twice; none, or null, is an empty one."""
    try:
        raw = json.loads(body) if body.strip() else {}
        return json.loads(raw) if isinstance(raw, str) else {} if raw is None else raw
    except (ValueError, RecursionError):
        return {}


def _from_query(query: QueryParams, kind: type[Message]) -> dict[str, Any]:
    hints = _hints(kind)
    raw: dict[str, Any] = {}
    for name in query:
        if name in hints:
            raw[name] = query.getlist(name) if get_origin(_plain(hints[name])) is list else query[name]
    return raw


def _check_required(kind: type[Message], value_of: Callable[[str], Any]) -> None:
    """By the names as MLflow writes them: camel case is another spelling of optional fields only, there too."""
    for name in kind.required:
        value = value_of(name)
        if name == "run_id" and value is None:
            value = value_of("run_uuid")
        if value is None or value == "":
            raise Invalid(f"Missing value for required parameter '{name}'.{SEE_DOCS}", field=name)


# ---------------------------------------------------------------- lenient reading


@cache
def _hints(kind: type[msgspec.Struct]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {name: hints[name] for name in kind.__struct_fields__}


def _plain(hint: Any) -> Any:
    """The type of `T | None` without the None."""
    arguments = [argument for argument in get_args(hint) if argument is not type(None)]
    return arguments[0] if type(None) in get_args(hint) and len(arguments) == 1 else hint


def lenient(raw: Mapping[str, Any], kind: type[M]) -> M:
    """A `kind` from parsed JSON, converted as protobuf's JSON reader converts. Raises Invalid."""
    return _message(raw, kind, "")


def _message(raw: Mapping[str, Any], kind: type[S], path: str) -> S:
    values = {}
    for name, hint in _hints(kind).items():
        value = raw.get(name, raw.get(_camel(name)))
        if value is not None:
            values[name] = _converted(value, _plain(hint), f"{path}{name}")
    return kind(**values)


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found.group(1).upper(), name)


def _check_spelling(raw: Any, kind: type[msgspec.Struct]) -> None:
    """One field in two spellings, here or in a part, could mean one thing to who checks it and another to us."""
    if not isinstance(raw, dict):
        return
    for name, hint in _hints(kind).items():
        if _camel(name) != name and name in raw and _camel(name) in raw:
            raise Invalid(f"Request specifies both '{name}' and '{_camel(name)}'; provide only one of them.")
        plain = _plain(hint)
        [inner] = get_args(plain) if get_origin(plain) is list else [plain]
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            value = raw.get(name, raw.get(_camel(name)))
            for one in value if isinstance(value, list) else [value]:
                _check_spelling(one, inner)


def _converted(value: Any, kind: Any, path: str) -> Any:
    if get_origin(kind) is list:
        if not isinstance(value, list):
            raise _refused(path, value)
        [item] = get_args(kind)
        return [_converted(entry, _plain(item), f"{path}[{number}]") for number, entry in enumerate(value)]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if not isinstance(value, dict):
            raise _refused(path, value)
        return _message(value, kind, f"{path}.")
    if kind is str and isinstance(value, str):
        return value
    if kind is bool and isinstance(value, bool):
        return value
    if kind is int:
        return _whole(value, path)
    if kind is float:
        return _number(value, path)
    if get_origin(kind) is not None and isinstance(value, (str, int)) and not isinstance(value, bool):
        return value  # an enum, by name or number
    raise _refused(path, value)


def _whole(value: Any, path: str) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d+", value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not -INT64 <= value < INT64:
        raise _refused(path, value)
    return value


def _number(value: Any, path: str) -> float:
    if isinstance(value, str):
        known = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
        if value in known:
            return known[value]
        try:
            number = float(value)
        except ValueError:
            raise _refused(path, value) from None
        if not math.isfinite(number):
            raise _refused(path, value)
        return number
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _refused(path, value)
    try:
        return float(value)
    except OverflowError:
        raise _refused(path, value) from None


def _refused(path: str, value: Any) -> Invalid:
    error = invalid_value(path, value, f" Hint: Value was of type '{type(value).__name__}'.")
    return Invalid(error.message.replace(":  Hint", ":  Hint") + SEE_DOCS, field=path)
