"""Send invented people down the whole road and search for them behind the gate."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.drills.privacy import drill
from tests.components import running

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


def test_people_are_found_in_raw_topics_and_the_vault_only(road: Path) -> None:
    with running("feed"), running("intake"):
        outcome = drill(200, 2019, print)
    assert outcome.identifiers == 0, outcome.found
    assert outcome.names_masked >= 0.95, outcome.missed
    assert outcome.vaulted > 200
    assert {"topic event-hotline-call", "topic dead-letters", "table hotline_call", "feed /",
            "page wall zh", "state checkpoints"} <= {
                place for place, count in outcome.searched.items() if count}
