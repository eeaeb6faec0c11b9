"""Labels whose predictions lie many blocks away from the last ones are found, too."""

from __future__ import annotations

import pytest

import services.monitor.labels.handlers
import services.monitor.labels.keeping
from services.runtime.store import Store
from tests.integration.monitor import rows
from tests.integration.monitor.conftest import Monitor


async def test_a_label_far_from_the_others_is_found_beside_the_stream(
    monitor: Monitor, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.monitor.labels.keeping, "FULL_ROWS", 20)
    monkeypatch.setattr(services.monitor.labels.handlers, "NEAR_BLOCKS", 2)
    await monitor.set_reference()
    sent = [rows.predictions(20, first=20 * i, at=rows.START + i * rows.HOUR) for i in range(12)]
    for i, batch in enumerate(sent):
        await monitor.send("predictions", batch)
        await monitor.counted(20 * (i + 1))
    assert await store["prediction_blocks"].count_documents({}) == 12
    for i in (11, 0, 6, 1, 10, 2, 9, 3, 8, 4, 7, 5):
        await monitor.send("labels", rows.labels(sent[i]))
    views = await monitor.counted(240, labelled=240)
    assert all(view.performance and view.performance.labelled == 20 for view in views)
