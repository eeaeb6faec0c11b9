"""A small story that the example queries ask about: two versions of a model, from runs to production."""

from __future__ import annotations

from typing import Any

import httpx
import numpy as np
import pyarrow as pa

from tests.integration.gateway.stacks import Stack
from tests.integration.monitor import rows
from tests.support.waiting import until

ANNA, BERT = {"x-lifecycle-user": "anna"}, {"x-lifecycle-user": "bert"}
MODEL, PROJECT = "flight-delays", "Flight delays"
INPUTS = {"writeModelCard": "WriteCardInput", "publishModelCard": "PublishCardInput"}
"""Of mutations whose input isn't called after them."""
DAY = 24 * rows.HOUR
ROWS = 4_000
"""A day's predictions."""


class Story:
    """Tells it. `runs` are the ids of the runs by name, `project` is the project's id."""

    def __init__(self, stack: Stack, monitor: httpx.AsyncClient) -> None:
        self._stack = stack
        self._monitor = monitor
        self.runs: dict[str, str] = {}
        self.project = ""

    async def tell(self) -> None:
        """From the first run to the second day in production."""
        await self._scope()
        for name, depth, auc in (("shallow", 4, 0.702), ("deep", 8, 0.741), ("deep again", 8, 0.741)):
            await self._train(name, depth, auc)
        await self._stack.tell("registered-models/create", name=MODEL)
        for name in ("shallow", "deep"):
            run = self.runs[name]
            await self._stack.tell("model-versions/create", name=MODEL, source=f"runs:/{run}/model", run_id=run)
        for version, auc, worst in (("1", 0.702, 0.64), ("2", 0.741, 0.69)):
            await self._evaluate(version, auc, worst)
        await self._release()
        await self._watch()

    async def change(self, mutation: str, input_: dict[str, Any], who: dict[str, str] | None = None) -> Any:
        """Sends a mutation that must not fail; the id or revision of what changed isn't needed here."""
        kind = INPUTS.get(mutation, mutation[0].upper() + mutation[1:] + "Input")
        text = f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ __typename errors {{ message fix }} }} }}"
        response = await self._stack.gateway.client.post(
            "/graphql", json={"query": text, "variables": {"input": input_}}, headers=who or ANNA
        )
        answer = response.json()
        assert "errors" not in answer, answer
        assert answer["data"][mutation]["errors"] == [], (mutation, answer)

    async def _scope(self) -> None:
        patterns = [{"kind": "MODEL", "glob": "flight-*"}, {"kind": "EXPERIMENT", "glob": "flight-*"}]
        await self.change("createProject", {"name": PROJECT, "patterns": patterns})
        data = await self._stack.gateway.data("{ projects { nodes { projectId name } } }")
        self.project = next(node["projectId"] for node in data["projects"]["nodes"] if node["name"] == PROJECT)
        text = "Tell passengers of a late arrival when they board."
        await self.change("fillAnswer", {"projectId": self.project, "item": "objective", "text": text})

    async def _train(self, name: str, depth: int, auc: float) -> None:
        tell = self._stack.tell
        experiment = await self._experiment()
        run = (await tell("runs/create", experiment_id=experiment, run_name=name))["run"]["info"]["run_id"]
        self.runs[name] = run
        for key, value in (("max_depth", str(depth)), ("learning_rate", "0.1"), ("seed", "7")):
            await tell("runs/log-parameter", run_id=run, key=key, value=value)
        dataset = {"name": "flights-2013", "digest": "5f2c", "source_type": "local", "source": "flights.csv"}
        train = {"tags": [{"key": "mlflow.data.context", "value": "train"}], "dataset": dataset}
        await tell("runs/log-inputs", run_id=run, datasets=[train])
        await tell("runs/log-metric", run_id=run, key="auc", value=auc, timestamp=1_000, step=0)
        await tell("runs/update", run_id=run, status="FINISHED", end_time=2_000_000_000_000)

    async def _experiment(self) -> str:
        found = await self._stack.gateway.data('{ experiments(nameContains: "flight-") { nodes { experimentId } } }')
        nodes = found["experiments"]["nodes"]
        if nodes:
            return str(nodes[0]["experimentId"])
        return str((await self._stack.tell("experiments/create", name="flight-delays"))["experiment_id"])

    async def _evaluate(self, version: str, auc: float, worst: float) -> None:
        slices = [
            {"feature": "carrier", "value": name, "rows": 900, "metrics": [{"key": "auc", "value": value}]}
            for name, value in (("UA", auc + 0.01), ("EV", worst))
        ]
        split = {"name": "test", "dataset": "flights-2013", "digest": "9ab1", "rows": 20_000}
        metrics = [{"key": "auc", "value": auc}]
        await self.change(
            "recordEvaluation",
            {"model": MODEL, "version": version, "split": split, "metrics": metrics, "slices": slices},
        )

    async def _release(self) -> None:
        gates = [{"name": "good enough", "kind": "MINIMUM", "metric": "auc", "threshold": 0.7}]
        await self.change(
            "setGatePolicy", {"projectId": self.project, "gates": gates, "reason": "What the business asked for."}
        )
        of = {"model": MODEL, "version": "2"}
        await self.change("setAlias", {"model": MODEL, "alias": "champion", "version": "1"})
        await self.change("evaluateGates", of)
        await self.change("requestReview", {**of, "note": "Deeper trees: better on every carrier."})
        remark = {"text": "Why is EV so much worse?", "about": {"kind": "SLICE", "key": "carrier=EV"}}
        await self.change("commentReview", {**of, **remark}, BERT)
        asked = f'{{ review(model: "{MODEL}", version: "2") {{ digest }} }}'
        digest = (await self._stack.gateway.data(asked))["review"]["digest"]
        decision = {**of, "decision": "APPROVE", "reason": "Better on every slice.", "digest": digest}
        await self.change("decideReview", decision, BERT)
        await self.change("deployVersion", {**of, "environment": "production", "note": "First week at noon."}, BERT)
        await self.change("setAlias", {"model": MODEL, "alias": "champion", "version": "2"})
        links = [{"kind": "run", "id": self.runs["deep"]}, {"kind": "feature", "id": "flights-2013/gust"}]
        text = "`gust` is missing in 76 % of rows; dropping it costs nothing (AUC 0.741 both ways)."
        await self.change("writeInsight", {"title": "Gusts don't help", "text": text, "links": links})

    async def _watch(self) -> None:
        path = f"/v1/models/{MODEL}/versions/2"
        arrow = {"content-type": rows.ARROW}
        table = rows.arrow(rows.reference())

        async def known() -> bool:
            answer = await self._monitor.put(
                f"{path}/references/training", content=table, headers=arrow, params={"window": "24h"}
            )
            return answer.status_code == 201

        await until(known)
        every = DAY // ROWS
        for day, shift, honest in ((0, 0.0, 1.0), (1, 6.0, 0.4)):
            sent = rows.predictions(ROWS, first=day * ROWS, at=rows.START + day * DAY, every_ms=every, shift=shift)
            for what, body in (("predictions", sent), ("labels", _labels(sent, honest))):
                answer = await self._monitor.post(f"{path}/{what}", content=rows.arrow(body), headers=arrow)
                assert answer.status_code == 202, answer.text

        async def counted() -> bool:
            asked = f'{{ windows(model: "{MODEL}", version: "2") {{ performance {{ labelled }} }} }}'
            windows = (await self._stack.gateway.data(asked))["windows"] or []
            figures = [window["performance"] for window in windows]
            return bool(sum(one["labelled"] for one in figures if one) == 2 * ROWS)

        await until(counted)


def _labels(sent: pa.Table, honest: float) -> pa.Table:
    """Labels that follow the score for a share `honest` of the rows, and chance for the others."""
    made = np.random.default_rng(5)
    score = sent["score"].to_numpy()
    follows = made.uniform(size=len(score)) < honest
    chance = np.where(follows, score, 0.5)
    return pa.table({"id": sent["id"], "label": (made.uniform(size=len(score)) < chance).astype(np.int64)})
