"""Asks the registry whether the demonstration's champion already stands, without loading the mlflow client."""

from pathlib import Path
from typing import Final

import httpx
import msgspec

from deploy.demo.plans import MODEL
from deploy.demo.reports import ChampionReport
from deploy.local.problems import Problem

ALIAS: Final = "champion"


class RegistrySilent(Problem):
    """The registry doesn't answer."""


class _Version(msgspec.Struct):
    run_id: str = ""


class _Answer(msgspec.Struct):
    model_version: _Version


async def standing_champion(registry: httpx.AsyncClient, cache: Path) -> ChampionReport | None:
    """The report of an earlier demonstration if the registry still names the same champion, or None.

    The alias is set by the deployment, after everything else, so where the champion stands there is nothing left to
    train for it.
    """
    try:
        answer = await registry.get("/api/2.0/mlflow/registered-models/alias", params={"name": MODEL, "alias": ALIAS})
    except httpx.TransportError as error:
        raise RegistrySilent(
            f"The registry is out of reach at {registry.base_url}.", "Look at `lifecycle status` and at its log."
        ) from error
    if answer.status_code in (400, 404):  # MLflow's own server calls a missing alias an invalid parameter
        return None
    answer.raise_for_status()
    run_id = msgspec.json.decode(answer.content, type=_Answer).model_version.run_id
    return remembered(cache, run_id)


def remember(cache: Path, report: ChampionReport, under: str | None = None) -> None:
    """Keeps a report for `standing_champion`.

    under: the run of a later champion that the demonstration made itself; its replay is still that of the first.
    """
    path = _path(cache, under or report.run_id)
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(report, kept=True)))


def remembered(cache: Path, run_id: str) -> ChampionReport | None:
    """The report that was kept of a run's model, if its scores are there too."""
    try:
        report = msgspec.json.decode(_path(cache, run_id).read_bytes(), type=ChampionReport)
    except FileNotFoundError:
        return None
    return report if Path(report.scores).exists() else None


def _path(cache: Path, run_id: str) -> Path:
    return cache / f"champion-{run_id}.json"
