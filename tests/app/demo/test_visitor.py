"""What the scripted visitor counts: answers as the screen shows them."""

from __future__ import annotations

import numpy as np
import pytest

from app.config.schema import ModelSettings
from app.demo.visitor import Findings
from app.views.verdict import answer_with_settings

FIRST = np.asarray([0.9, 0.06, 0.04], np.float32)


@pytest.mark.parametrize(
    ("index", "novelty", "settings", "right", "near_misses", "not_sure"),
    [
        (0, 0.5, ModelSettings(), 1, 0, 0),
        (0, 1.1, ModelSettings(), 0, 1, 0),
        (0, 1.9, ModelSettings(), 0, 0, 1),
        (0, 1.9, ModelSettings(not_sure="off"), 1, 0, 0),
        (0, 0.95, ModelSettings(not_sure="strict"), 0, 1, 0),
        (0, 0.5, ModelSettings(not_sure_below=0.99), 0, 1, 0),
        (1, 0.5, ModelSettings(), 0, 0, 0),
        (1, 1.1, ModelSettings(), 0, 0, 0),
        (1, 1.9, ModelSettings(), 0, 0, 1),
    ],
    ids=[
        "sure",
        "a near miss",
        "not sure",
        "never not sure",
        "strict",
        "below the floor",
        "wrong",
        "a wrong near miss",
        "not sure, and the first answer is wrong",
    ],
)
def test_only_a_sure_answer_that_names_the_thing_is_right(
    index: int, novelty: float, settings: ModelSettings, right: int, near_misses: int, not_sure: int
) -> None:
    findings = Findings()
    findings.count(answer_with_settings(FIRST, 0.4, novelty, settings), index)
    assert (findings.right, findings.near_misses, findings.not_sure, findings.looked) == (
        right,
        near_misses,
        not_sure,
        1,
    )
    assert findings.live_accuracy == right
