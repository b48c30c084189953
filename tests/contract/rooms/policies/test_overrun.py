"""A policy that loops for one input costs one worker, and is out of service in all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.extensions import policy
from tests.contract.rooms.policies.workers import PolicyWorkers
from tests.integration.yoto.rooms.policies.conftest import empty_record
from tests.support.nursery import Nursery
from tests.support.small_policies import MAIN, question
from tests.support.waiting import wait_until
from yoto.errors import PolicyError
from yoto.store.db import db

# A number that no input made of the conditions asks for, and no recorded input does.
FATAL = 7007
TRAP = (
    "package yoto.authz\n\nall := numbers.range(1, 10000)\n\n"
    'deny contains "trap" if { input.number * 2 == 14014; '
    "count([1 | some i in all; some j in all; i + j < 0]) > 0 }\n"
)


@pytest.fixture
def workers(app: Flask, nursery: Nursery) -> Iterator[PolicyWorkers]:
    with app.app_context():
        empty_record()
        policy.put("main", MAIN, "ada")
        policy.put("trap", TRAP, "ada")
        with PolicyWorkers(nursery) as started:
            yield started
        db.session.remove()


def test_a_set_that_ended_a_worker_is_evaluated_by_none_until_it_is_changed(
    app: Flask, workers: PolicyWorkers, app_config: dict[str, Any], tmp_path: Path
) -> None:
    given = {"config": app_config | {"ASYNC_MODE": "threading"}, "instance": str(tmp_path)}
    assert policy.evaluate(question(1)).allow
    bad = policy.status().version
    (first,) = workers.start(1, given)
    assert first.do("decide", 1) == [True, []]

    first.ask("decide", FATAL)

    assert first.ended()
    # The worker that its supervisor starts in its place.
    (successor,) = workers.start(1, given)
    assert successor.do("decide", FATAL)[0] is False
    assert f"the set {bad} is out of service" in successor.do("state")[2]
    wait_until(lambda: policy.status().version is None, what="this process to take it out")
    assert policy.evaluate(question(1)).reasons == ("policy_too_slow",)
    with pytest.raises(PolicyError, match="out of service"):
        policy.put("trap", TRAP, "ada")

    # At a terminal, while no worker has policies.
    removed = app.test_cli_runner().invoke(args=["policy", "remove", "trap", "--actor", "cli:ada"])

    assert removed.exit_code == 0, removed.output
    wait_until(lambda: successor.do("decide", FATAL) == [True, []], what="the worker to follow")
    wait_until(lambda: policy.evaluate(question(1)).allow, what="this process to follow")
