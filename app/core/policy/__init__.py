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
from app.core.policy.settings import INSTEAD_OF_SLOW, POLICY_ENGINES

__all__ = [
    "INSTEAD_OF_SLOW",
    "POLICY_ENGINES",
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
