"""The engine on an OPA server."""

from yoto.rooms.policies.engine.opa.engine import OpaEngine
from yoto.rooms.policies.engine.opa.wire import OPA_BREAKER, OpaSettings

__all__ = ["OPA_BREAKER", "OpaEngine", "OpaSettings"]
