"""Policies in Rego: attributes decide, beside roles."""

from app.core.policy.bundle import Bundle
from app.core.policy.engine import (
    CompiledPolicies,
    EngineHealth,
    PolicyEngine,
    PolicyUnavailable,
    TestFailure,
    TestReport,
)
from app.core.policy.result import UNDEFINED, PolicyDecision, Verdict

__all__ = [
    "UNDEFINED",
    "Bundle",
    "CompiledPolicies",
    "EngineHealth",
    "PolicyDecision",
    "PolicyEngine",
    "PolicyUnavailable",
    "TestFailure",
    "TestReport",
    "Verdict",
]
