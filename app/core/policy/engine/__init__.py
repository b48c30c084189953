"""Engines that run Rego, behind one protocol."""

from app.core.errors import PolicyUnavailable
from app.core.policy.engine.protocol import (
    CompiledPolicies,
    Decider,
    EngineHealth,
    EngineName,
    PolicyEngine,
    TestFailure,
    TestReport,
)

__all__ = [
    "CompiledPolicies",
    "Decider",
    "EngineHealth",
    "EngineName",
    "PolicyEngine",
    "PolicyUnavailable",
    "TestFailure",
    "TestReport",
]
