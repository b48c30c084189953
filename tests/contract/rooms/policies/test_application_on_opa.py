"""An application whose policies run on an OPA server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from app.extensions import policy as manager
from tests.integration.yoto.rooms.policies.conftest import empty_record
from tests.support.opa import OpaServer
from tests.support.small_policies import MAIN, bound, bound_tests, question
from tests.support.waiting import wait_until
from yoto.errors import PolicyError, StoreUnavailable
from yoto.rooms.policies import PolicyManager


@pytest.fixture
def app_config(app_config: dict[str, Any], own_opa_server: OpaServer) -> dict[str, Any]:
    # Seconds, and ms, for a machine that has much else to do.
    patient = {"OPA_TIMEOUT": 30.0, "POLICY_SLOW_ALERT_MS": 6e4, "POLICY_SLOW_LIMIT_MS": 6e4}
    return app_config | {"POLICY_ENGINE": "opa", "OPA_URL": own_opa_server.url} | patient


@pytest.fixture
def policy(app: Flask) -> Iterator[PolicyManager]:
    with app.app_context():
        empty_record()
        manager.put("main", MAIN, "ada")
        manager.put("bound", bound(10), "ada", tests=bound_tests(10))
        yield manager


def test_a_server_that_comes_back_empty_gets_its_policies_before_it_is_used(
    policy: PolicyManager, own_opa_server: OpaServer
) -> None:
    allowed, denied = policy.evaluate(question(10)), policy.evaluate(question(11))
    assert (allowed.allow, denied.reasons, denied.engine) == (True, ("above_bound",), "opa")
    own_opa_server.kill()
    away = policy.evaluate(question(10))
    assert (away.allow, away.reasons) == (False, ("policy_unavailable",))
    with pytest.raises(StoreUnavailable):
        policy.put("bound", bound(20), "ada")
    assert policy.health().state == "unavailable"
    own_opa_server.start()
    wait_until(lambda: policy.evaluate(question(10)).allow, 60.0, "the policies to be back")
    assert policy.evaluate(question(11)).reasons == ("above_bound",)


def test_a_change_decides_at_once_and_the_old_set_goes_on_until_then(
    policy: PolicyManager,
) -> None:
    policy.put("bound", bound(20), "ada", tests=bound_tests(20))
    assert policy.evaluate(question(15)).allow
    policy.rollback("bound", 1, "ada")
    assert not policy.evaluate(question(15)).allow


def test_what_policies_cost_is_measured_without_the_server(
    policy: PolicyManager, own_opa_server: OpaServer
) -> None:
    assert policy.evaluate(question(10)).allow
    own_opa_server.kill()
    costs = policy.measure_costs()
    assert costs is not None and costs.latency["bound"].total == costs.inputs == 1


def test_a_policy_that_the_server_alone_reads_is_tried_and_decides_there(
    policy: PolicyManager,
) -> None:
    added = 'json.patch({}, [{"op": "add", "path": "/a", "value": 1}])'
    tests = f"package yoto.authz_test\n\ntest_a if {added}.a == %s\n"
    source = f'package yoto.authz\n\ndeny contains "patched" if {added}.a == 1\n'
    with pytest.raises(PolicyError, match="test_a"):
        policy.put("patched", source, "ada", tests=tests % 2)
    policy.put("patched", source, "ada", tests=tests % 1)
    assert policy.evaluate(question(10)).reasons == ("patched",)
