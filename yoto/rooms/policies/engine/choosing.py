"""The policy engine that the configuration chooses."""

from __future__ import annotations

from flask import Flask

from yoto.resilience import Resilience
from yoto.rooms.policies.engine.embedded.deadline import EvaluationDeadline, overrun_folder
from yoto.rooms.policies.engine.embedded.engine import EmbeddedEngine
from yoto.rooms.policies.engine.opa.engine import OpaEngine
from yoto.rooms.policies.engine.opa.wire import OPA_BREAKER, OpaSettings
from yoto.rooms.policies.engine.protocol import PolicyEngine
from yoto.settings import settings_of

OPA = "opa"


def policy_engine(app: Flask) -> PolicyEngine:
    """An engine for ``app``; nothing is connected and no thread started.

    Evaluations on an OPA server go through the circuit breaker ``opa``.
    """
    config = settings_of(app)
    if config["POLICY_ENGINE"] != OPA:
        deadline = EvaluationDeadline(overrun_folder(app.instance_path))
        return EmbeddedEngine(deadline, portable=config["POLICY_PORTABLE"])
    controller = Resilience.of(app)
    controller.define(OPA, circuit_breaker=OPA_BREAKER)
    settings = OpaSettings(
        config["OPA_URL"],
        token=config["OPA_TOKEN"] or "",
        ca_file=config["OPA_CA_CERTS"],
        timeout=config["OPA_TIMEOUT"],
    )
    return OpaEngine(
        settings, lambda: controller.circuit_breaker(OPA), portable=config["POLICY_PORTABLE"]
    )
