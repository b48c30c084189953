"""Redis as a circuit breaker: seen like the others, and opened and closed by itself alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from app.extensions import resilience
from tests.integration.guards.conftest import WHY
from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from yoto.errors import ValidationFailed
from yoto.resilience import (
    REDIS_BREAKER,
    CircuitBreakerConfig,
    ResilienceController,
    circuit_breaker,
)


@pytest.fixture
def app_config(app_config: dict[str, Any], own_redis: Server) -> dict[str, Any]:
    return app_config | {"REDIS_URL": own_redis.url}


@pytest.fixture
def controller(app: Flask) -> ResilienceController:
    return resilience.of(app)


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["resilience", *arguments])


def state_of(controller: ResilienceController) -> str:
    return controller.get_circuit_breaker_state(REDIS_BREAKER).state.value


def test_it_is_open_while_redis_is_away_and_closes_by_itself(
    controller: ResilienceController, own_redis: Server
) -> None:
    assert state_of(controller) == "closed"
    own_redis.kill()
    away = controller.get_circuit_breaker_state(REDIS_BREAKER)
    assert (away.state, away.degraded) == ("open", True)
    assert away.reason
    own_redis.restart()
    wait_until(lambda: state_of(controller) == "closed")


def test_an_operator_sees_it(app: Flask, own_redis: Server) -> None:
    shown = run(app, "show", "circuit_breaker", REDIS_BREAKER)
    assert (shown.exit_code, shown.output) == (0, "circuit breaker redis is closed\n")
    own_redis.kill()
    shown = run(app, "show", "circuit_breaker", REDIS_BREAKER)
    assert shown.output.startswith("circuit breaker redis is open (")


@pytest.mark.parametrize(
    "command",
    [
        ("isolate", REDIS_BREAKER),
        ("close", REDIS_BREAKER),
        ("reset", REDIS_BREAKER),
        ("set", "circuit_breaker", REDIS_BREAKER, "minimum_calls=3"),
    ],
)
def test_nobody_is_told_that_it_was_steered(app: Flask, command: tuple[str, ...]) -> None:
    result = run(app, *command, *WHY)
    assert result.exit_code == 1
    assert "redis opens and closes by itself" in result.output
    listed = json.loads(run(app, "list", "--json").stdout)
    assert {entry["version"] for entry in listed} == {0}
    # A rule of alerts has the same name.
    breakers = {one["name"] for one in listed if one["kind"] == "circuit_breaker"}
    assert breakers and REDIS_BREAKER not in breakers


def test_its_name_is_taken(app: Flask, controller: ResilienceController) -> None:
    with pytest.raises(ValidationFailed):
        controller.define(REDIS_BREAKER, circuit_breaker=CircuitBreakerConfig())
    with app.app_context(), pytest.raises(ValidationFailed):
        circuit_breaker(REDIS_BREAKER)(lambda: None)()
