"""The second version's first month, in figures."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from deploy.demo.story.loop import roc_auc


def test_the_area_by_ranks_is_scikit_learns_with_ties() -> None:
    draw = np.random.default_rng(5)
    late = (draw.random(500) < 0.3).astype(float)
    score = np.round(0.3 * late + draw.random(500), 1)
    assert roc_auc(late, score) == pytest.approx(roc_auc_score(late, score))
