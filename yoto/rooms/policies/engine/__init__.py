"""Engines that run Rego, behind one protocol."""

from yoto.errors import PolicyUnavailable
from yoto.rooms.policies.engine.protocol import (
    CompiledPolicies,
    Decider,
    EngineHealth,
    PolicyEngine,
    TestFailure,
    TestReport,
)

__all__ = [
    "CompiledPolicies",
    "Decider",
    "EngineHealth",
    "PolicyEngine",
    "PolicyUnavailable",
    "TestFailure",
    "TestReport",
]
