"""One colleague at the gateway: asks questions and makes changes over GraphQL, and says in words what was refused."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import httpx
import msgspec

from deploy.local.problems import Problem

USER_HEADER: Final = "x-lifecycle-user"
_INPUTS: Final = {"writeModelCard": "WriteCardInput", "publishModelCard": "PublishCardInput"}
_ERRORS: Final = "errors { code message field fix }"


class GatewaySilent(Problem):
    """The gateway is out of reach, or answers with something else than GraphQL."""


class StepRefused(Problem):
    """A change that the demonstration wanted was refused. `code`: the rule's name."""

    def __init__(self, what: str, fix: str, code: str) -> None:
        super().__init__(what, fix)
        self.code = code


class _Told(msgspec.Struct):
    message: str
    code: str = ""
    field: str | None = None
    fix: str | None = None


class _Response(msgspec.Struct):
    data: dict[str, Any] | None = None
    errors: list[_Told] = []


def identity(user: str, token: str | None) -> dict[str, str]:
    """The headers that say who asks: a token where one is needed, else the name alone."""
    return {"Authorization": f"Bearer {token}"} if token else {USER_HEADER: user}


class Colleague:
    """anna or ben. `http` carries who they are, also elsewhere; `say` prints a line of theirs."""

    def __init__(self, user: str, http: httpx.AsyncClient, url: str, say: Callable[[str], None]) -> None:
        self.user = user
        self.http = http
        self._url = url
        self._say = say

    def say(self, line: str) -> None:
        """Prints what was done, with who did it."""
        self._say(f"{self.user}: {line}")

    async def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """The `data` of a query. Raises GatewaySilent, or StepRefused with the gateway's words."""
        try:
            answer = await self.http.post(self._url, json={"query": query, "variables": variables})
            response = msgspec.json.decode(answer.content, type=_Response)
        except (httpx.TransportError, msgspec.MsgspecError) as error:
            raise GatewaySilent(
                f"The gateway doesn't answer at {self._url} ({type(error).__name__}).",
                "Look at `lifecycle status` and at its log.",
            ) from error
        if response.errors or response.data is None:
            raise _refused(f"ask {query.split('(')[0].split('{')[-1].strip()}", response.errors)
        return response.data

    async def do(
        self, mutation: str, fields: Mapping[str, object], answer: str = "", fine: Collection[str] = ()
    ) -> dict[str, Any]:
        """Makes one change and returns its payload.

        answer: what to select of the payload. fine: codes of refusals that mean it is done already.
        """
        payload: dict[str, Any] = (await self.ask(document(mutation, answer), input=dict(fields)))[mutation]
        errors = msgspec.convert(payload["errors"], list[_Told])
        if errors and not all(error.code in fine for error in errors):
            raise _refused(mutation, errors)
        return payload


def document(mutation: str, answer: str = "") -> str:
    """The mutation as GraphQL; its one argument has the type that the gateway names after it."""
    name = _INPUTS.get(mutation) or f"{mutation[0].upper()}{mutation[1:]}Input"
    return f"mutation ($input: {name}!) {{ {mutation}(input: $input) {{ {_ERRORS} {answer} }} }}"


def _refused(what: str, errors: list[_Told]) -> StepRefused:
    first = errors[0] if errors else _Told("the answer has no data")
    place = f" ({first.field})" if first.field else ""
    return StepRefused(
        f"{what} was refused{place}: {first.message}",
        first.fix or "Look at the project's board, put it right there, then run the demonstration again.",
        first.code,
    )
