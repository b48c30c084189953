"""The short form of the campaign: a few faults of different kinds, each alone, under load.

``make chaos`` is the long form, with all of them; docs/verification.md says how to read it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from proof.campaign.runner import Campaign
from proof.campaign.schedule import one_of_each
from proof.campaign.table import markdown
from tests.support.require import LONG

SEED = 19
CHOSEN = [
    "redis-script-flush",
    "link-app-redis-cut",
    "killed-before-publish",
    "database-connections-killed",
    "redis-flushall",
]


@LONG
@pytest.mark.timeout(1500)
def test_promises_hold_while_parts_of_the_topology_break(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def say(line: str) -> None:
        with capsys.disabled():
            print(f"\n{line}", end="", flush=True)

    rounds = one_of_each(SEED, CHOSEN)
    result = Campaign(tmp_path, SEED, CHOSEN, say=say).run(rounds, prometheus=False)
    table = markdown(result, "in test")
    say(table)
    assert result.failures == [], table
    assert result.judgement is not None and sum(result.judgement.operations.values()) > 0
