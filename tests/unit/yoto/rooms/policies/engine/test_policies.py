"""Nothing of what a thread owns leaves it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.bundles import default_bundle
from yoto.rooms.policies.engine.embedded.engine import EmbeddedEngine
from yoto.rooms.policies.engine.embedded.owner import Kept, Owner
from yoto.rooms.policies.engine.protocol import TestReport
from yoto.rooms.policies.partial import Residual, Topic


class Watched(Owner):
    """Remembers the kinds of results that its jobs gave away."""

    def __init__(self) -> None:
        super().__init__()
        self.given: set[type] = set()

    def run(self, job: Callable[[Kept], Any]) -> Any:
        result = super().run(job)
        self.given.add(type(result))
        return result


def test_no_job_gives_a_program_away_which_its_caller_could_drop_in_another_thread() -> None:
    engine, owner = EmbeddedEngine(), Watched()
    engine.owner = owner
    policies = engine.compile(default_bundle())
    policies.about(Topic("message.send", ("message.send",), "channel"))
    policies.evaluate("{}")
    policies.run_tests()
    engine.health()
    policies.close()
    engine.close()
    assert owner.given == {type(None), str, Residual, TestReport}
