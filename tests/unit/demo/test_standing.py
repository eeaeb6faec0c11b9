"""A champion that stands is found without training anything."""

from pathlib import Path

import httpx
import pytest

from deploy.demo.reports import ChampionReport
from deploy.demo.standing import RegistrySilent, remember, standing_champion


def _registry(status: int, body: object) -> httpx.AsyncClient:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/api/2.0/mlflow/registered-models/alias"
        assert dict(request.url.params) == {"name": "flight-delay", "alias": "champion"}
        return httpx.Response(status, json=body)

    return httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://registry")


def _report(cache: Path, run_id: str) -> ChampionReport:
    scores = cache / "scores.arrow"
    scores.write_bytes(b"")
    return ChampionReport("1", run_id, "boosting", 0.76, str(scores), kept=False)


async def test_the_champion_of_an_earlier_demonstration_is_kept(tmp_path: Path) -> None:
    remember(tmp_path, _report(tmp_path, "r1"))
    async with _registry(200, {"model_version": {"name": "flight-delay", "version": "1", "run_id": "r1"}}) as registry:
        found = await standing_champion(registry, tmp_path)
    assert found is not None
    assert (found.run_id, found.version, found.kept) == ("r1", "1", True)


@pytest.mark.parametrize("status", [400, 404])
async def test_without_an_alias_there_is_no_champion(tmp_path: Path, status: int) -> None:
    async with _registry(status, {"error_code": "RESOURCE_DOES_NOT_EXIST"}) as registry:
        assert await standing_champion(registry, tmp_path) is None


async def test_a_champion_of_another_registry_is_not_taken_for_this_one(tmp_path: Path) -> None:
    remember(tmp_path, _report(tmp_path, "r1"))
    async with _registry(200, {"model_version": {"run_id": "r2"}}) as registry:
        assert await standing_champion(registry, tmp_path) is None


async def test_a_champion_whose_scores_are_gone_is_not_kept(tmp_path: Path) -> None:
    remember(tmp_path, _report(tmp_path, "r1"))
    (tmp_path / "scores.arrow").unlink()
    async with _registry(200, {"model_version": {"run_id": "r1"}}) as registry:
        assert await standing_champion(registry, tmp_path) is None


async def test_a_registry_out_of_reach_is_named(tmp_path: Path) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    async with httpx.AsyncClient(transport=httpx.MockTransport(refuse), base_url="http://registry") as registry:
        with pytest.raises(RegistrySilent, match="http://registry"):
            await standing_champion(registry, tmp_path)
