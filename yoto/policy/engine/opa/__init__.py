"""The engine on an OPA server."""

from yoto.policy.engine.opa.engine import OpaEngine
from yoto.policy.engine.opa.settings import OPA_BREAKER, OpaSettings

__all__ = ["OPA_BREAKER", "OpaEngine", "OpaSettings"]
