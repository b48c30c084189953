"""The engine on an OPA server."""

from app.core.policy.engine.opa.engine import OpaEngine
from app.core.policy.engine.opa.settings import OPA_BREAKER, OpaSettings

__all__ = ["OPA_BREAKER", "OpaEngine", "OpaSettings"]
