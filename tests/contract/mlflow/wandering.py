"""What a random walk through MLflow's API chooses from: few names, ids and keys, and seldom something odd."""

import random
from collections.abc import Callable
from typing import Any

from tests.contract.mlflow.asking import Step

KEYS = ("a", "b", "a/b", "größe")
TEXTS = ("", "1", "2", "x", "X", "10", "größe ✓", "a_b%", "it's")
SIZES = (None, None, None, 1, 1, 2, 3, 0, -1, 50_001, "2")
ODD: dict[type, tuple[Any, ...]] = {
    str: ("", None, " ", "$u" * 18, "模型$u", "$u\ny", "../$u", "$u*b", "nope"),
    int: ("1", -1, 0, None, 2.0, 2**63 - 1, "-3"),
    float: ("1", None, -0.0, "1e5"),
    list: ([],),
}
"""What stands where something else belongs, by its type. Values of another type are cases of their own: the peer passes
over the rest of such a request, ours refuses it."""
TEXT_OPERATORS = ("=", "!=", "LIKE", "ILIKE", "IS NULL", "IS NOT NULL", ">")
NUMBER_OPERATORS = ("=", "!=", "<", "<=", ">", ">=")


class Wandering:
    """The steps of one walk, as they are thought up."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.steps: list[Step] = []
        self._made = {"e": 0, "r": 0, "m": 0, "t": 0}
        self._clock = 0

    def some(self, *options: Any) -> Any:
        return self._random.choice(options)

    def chance(self, likely: float) -> bool:
        return self._random.random() < likely

    def all_of(self, kind: str) -> list[str]:
        return [f"${kind}{number}" for number in range(self._made[kind])]

    def few(self, make: Callable[[], Any], most: int = 3) -> list[Any]:
        return [make() for _ in range(self._random.randint(0, most))]

    def new(self, kind: str) -> str:
        self._made[kind] += 1
        return f"{kind}{self._made[kind] - 1}"

    def known(self, kind: str) -> str:
        """The id of something made before, or seldom of nothing."""
        if not self._made[kind] or self.chance(0.02):
            return str(self.some("nope", "987654", "m-nope"))
        return f"${kind}{self._random.randrange(self._made[kind])}"

    def model(self) -> str:
        return str(self.some("$u-a", "$u-a", "$u-a", "$u-B", "$u-c"))

    def version(self) -> str:
        return str(self.some("1", "1", "1", "2", "2", "3", "9", "x", "01") if self.chance(0.3) else self.some("1", "2"))

    def pair(self) -> dict[str, Any]:
        return {"key": self.some(*KEYS), "value": self.some(*TEXTS)}

    def time(self) -> int:
        self._clock += 10
        return self._clock

    def ask(self, method: str, path: str, body: dict[str, Any], save: dict[str, str] | None = None,
            fixed: tuple[str, ...] = ()) -> None:  # fmt: skip
        """Adds a request; seldom with something odd in a field that isn't `fixed`."""
        body = {name: value for name, value in body.items() if value is not None}
        if self.chance(0.08):
            self._spoil(body, fixed)
        self.steps.append(Step(method, path, body, save or {}))

    def _spoil(self, body: dict[str, Any], fixed: tuple[str, ...]) -> None:
        if self.chance(0.1):
            body["zzz"] = self.some(1, None, "x")
        names = [name for name in body if name not in fixed]
        if not names:
            return
        name = self.some(*names)
        value = body[name]
        if isinstance(value, list) and value and self.chance(0.7):
            entry = self._random.randrange(len(value))
            if isinstance(value[entry], dict) and value[entry] and self.chance(0.8):
                value[entry] = {**value[entry], **self._part(value[entry])}
        elif self.chance(0.2):
            del body[name]
        else:
            body[name] = self.some(*ODD.get(type(value), (value,)))

    def _part(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Another text for a field of a list's entry, of its kind: at another, the peer loses the rest of a request."""
        names = [name for name in entry if isinstance(entry[name], str) and "timestamp" not in entry]
        odd = [text for text in ODD[str] if text]
        return {self.some(*names): self.some(*odd)} if names else {}

    def pairs(self, most: int = 3) -> list[dict[str, Any]]:
        """Tags or parameters, none twice: there the peer's database speaks, or the last one wins."""
        return list({pair["key"]: pair for pair in self.few(self.pair, most)}.values())

    # ------------------------------------------------------------ searches

    def texts(self, section: str) -> str:
        field, operator = f"{section}.{self.some('a', 'b', '`a/b`', 'größe', 'nope')}", self.some(*TEXT_OPERATORS)
        return f"{field} {operator}" + ("" if "NULL" in operator else f" '{self.some('1', 'x', '', '%', 'a_b%')}'")

    def numbers(self, section: str) -> str:
        return f"{section}.{self.some('a', 'b', '`a/b`')} {self.some(*NUMBER_OPERATORS)} {self.some(0, 1, -1, 0.5)}"

    def tag(self) -> str:
        """A comparison that the search for models takes."""
        operator = self.some("=", "!=", "LIKE", "ILIKE")
        return f"tags.{self.some('a', 'b', '`a/b`')} {operator} '{self.some('1', 'x', '%')}'"

    def pages(
        self, path: str, body: dict[str, Any], fixed: tuple[str, ...] = ("filter", "order_by", "max_results")
    ) -> None:
        """A search, and perhaps its next page. Pages of no size are for ever with the peer where it has no POST."""
        token = self.new("t")
        body["max_results"] = self.some(*(SIZES if path in ("runs/search", "experiments/search") else SIZES[:7]))
        method = "GET" if path.startswith(("registered", "model-v")) else "POST"
        self.ask(method, path, body, {token: "next_page_token"}, fixed)
        if body["max_results"] in (1, 2, 3):
            next_page = {**body, "page_token": self.some(f"${token}", f"${token}", f"${token}", "x")}
            self.steps.append(Step(method, path, {name: part for name, part in next_page.items() if part is not None}))
