"""A model card on a running registry: words, facts, revisions, and what changed since."""

import uuid

import mlflow
import pytest
from mlflow import MlflowClient

from services.contracts.cards import CardWords, GetCard, GetCardWords, ListCards, PublishCard, WriteCard
from services.contracts.errors import Conflict, Forbidden, NotFound
from services.contracts.identity import Role
from tests.integration.registry.asking import Asker

pytestmark = pytest.mark.filterwarnings("ignore")


async def test_a_card_is_drafted_published_and_told_when_it_is_out_of_date(ask: Asker, client: MlflowClient) -> None:
    name = f"model-{uuid.uuid4().hex[:8]}"
    mlflow.set_experiment(name)
    with mlflow.start_run() as run:
        mlflow.log_params({"depth": 3})
        mlflow.log_metric("auc", 0.7)
    client.create_registered_model(name)
    client.create_model_version(name, run.info.artifact_uri + "/model", run.info.run_id)
    client.set_registered_model_alias(name, "champion", "1")

    draft = await ask(GetCard(model_name=name, version="@champion"))
    assert (draft.revision, draft.version, draft.current) == (0, "1", False)
    assert "intended_use" in draft.missing
    await ask(WriteCard(model_name=name, words=CardWords(intended_use="Rebooking <b>early</b>"), expected=0))
    with pytest.raises(Conflict):
        await ask(WriteCard(model_name=name, words=CardWords(), expected=0))
    assert (await ask(GetCardWords(model_name=name))).revision == 1

    first = await ask(PublishCard(model_name=name, version="1"))
    again = await ask(PublishCard(model_name=name, version="1"))
    assert (first.revision, again.revision, again.digest) == (1, 1, first.digest)
    card = await ask(GetCard(model_name=name, version="1"))
    assert (card.revision, card.current, card.by) == (1, True, "anna")
    assert "Rebooking &lt;b&gt;early&lt;/b&gt;" in card.html
    assert "auc" in card.markdown

    await ask(WriteCard(model_name=name, words=CardWords(intended_use="Rebooking"), expected=1))
    assert not (await ask(GetCard(model_name=name, version="1"))).current
    assert (await ask(PublishCard(model_name=name, version="1"))).revision == 2
    assert "early" in (await ask(GetCard(model_name=name, version="1", revision=1))).html
    page = await ask(ListCards(model_name=name))
    assert [(edge.node.version, edge.node.revision) for edge in page.edges] == [("1", 2)]
    with pytest.raises(NotFound):
        await ask(GetCard(model_name=name, version="1", revision=9))
    with pytest.raises(Forbidden):
        await ask(PublishCard(model_name=name, version="1"), role=Role.VIEWER)


async def test_no_card_of_what_isnt_there(ask: Asker) -> None:
    for wish in (GetCard(model_name="nothing", version="1"), PublishCard(model_name="nothing", version="1")):
        with pytest.raises(NotFound):
            await ask(wish)
    with pytest.raises(NotFound):
        await ask(WriteCard(model_name="nothing", words=CardWords()))
