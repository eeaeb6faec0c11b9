"""Any runs and versions side by side: each parameter, figure, tag and dataset with its value in each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite
from typing import TypeVar

import msgspec

from services.contracts.registry import RunView, VersionView

V = TypeVar("V")


class Side(msgspec.Struct, frozen=True):
    """One of what is compared: a run; or a version, with the run that made it if that is there."""

    run: RunView | None
    version: VersionView | None = None

    @property
    def params(self) -> Mapping[str, str]:
        return self.version.params if self.version else self.run.params if self.run else {}

    @property
    def metrics(self) -> Mapping[str, float]:
        return self.version.metrics if self.version else self.run.metrics if self.run else {}

    @property
    def tags(self) -> Mapping[str, str]:
        return self.version.tags if self.version else self.run.tags if self.run else {}

    @property
    def datasets(self) -> Mapping[str, str]:
        """Digest by `name (context)`; of one that was used twice, the digests in order."""
        used: dict[str, list[str]] = {}
        for dataset in self.run.datasets if self.run else []:
            used.setdefault(f"{dataset.name} ({dataset.context})" if dataset.context else dataset.name, []).append(
                dataset.digest
            )
        return {name: " ".join(sorted(set(digests))) for name, digests in used.items()}


class TextRow(msgspec.Struct, frozen=True):
    """`values` in the order of the sides, None where there is none."""

    key: str
    values: list[str | None]
    same: bool


class FigureRow(msgspec.Struct, frozen=True):
    """`values` in the order of the sides, None where there is none, or none that is finite."""

    key: str
    values: list[float | None]
    same: bool
    least: float | None
    greatest: float | None


class Comparison(msgspec.Struct, frozen=True):
    """What `sides` have, by name."""

    sides: list[Side]
    params: list[TextRow]
    metrics: list[FigureRow]
    tags: list[TextRow]
    datasets: list[TextRow]


def compared(sides: list[Side]) -> Comparison:
    """Tags that MLflow keeps for itself are left out."""
    return Comparison(
        sides=sides,
        params=_texts([side.params for side in sides]),
        metrics=[_figures(key, values) for key, values in _rows([side.metrics for side in sides])],
        tags=_texts([side.tags for side in sides], lambda key: not key.startswith("mlflow.")),
        datasets=_texts([side.datasets for side in sides]),
    )


def _rows(
    parts: Sequence[Mapping[str, V]], kept: Callable[[str], bool] = lambda _: True
) -> Iterable[tuple[str, list[V | None]]]:
    for key in sorted({key for part in parts for key in part if kept(key)}):
        yield key, [part.get(key) for part in parts]


def _texts(parts: Sequence[Mapping[str, str]], kept: Callable[[str], bool] = lambda _: True) -> list[TextRow]:
    return [TextRow(key, values, len(set(values)) == 1) for key, values in _rows(parts, kept)]


def _figures(key: str, values: list[float | None]) -> FigureRow:
    finite = [value if value is not None and isfinite(value) else None for value in values]
    there = [value for value in finite if value is not None]
    return FigureRow(
        key=key,
        values=finite,
        same=len(set(finite)) == 1 and len(there) == len(finite),
        least=min(there, default=None),
        greatest=max(there, default=None),
    )
