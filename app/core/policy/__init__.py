"""Policies in Rego: attributes decide, beside roles."""

from app.core.policy.bundle import Bundle
from app.core.policy.decision_cache import Validity
from app.core.policy.engine import (
    CompiledPolicies,
    EngineHealth,
    PolicyEngine,
    PolicyUnavailable,
    TestFailure,
    TestReport,
)
from app.core.policy.engine.embedded import EmbeddedEngine
from app.core.policy.manager import PolicyManager
from app.core.policy.result import UNDEFINED, PolicyDecision, Verdict
from app.core.policy.service.receipt import Comparison, PolicyReceipt
from app.core.policy.service.status import ManagerMetrics, PolicyStatus
from app.core.policy.settings import INSTEAD_OF_SLOW, POLICY_ENGINES
from app.core.policy.shadow import ShadowReport
from app.core.policy.store import StoredVersion

__all__ = [
    "INSTEAD_OF_SLOW",
    "POLICY_ENGINES",
    "UNDEFINED",
    "Bundle",
    "Comparison",
    "CompiledPolicies",
    "EmbeddedEngine",
    "EngineHealth",
    "ManagerMetrics",
    "PolicyDecision",
    "PolicyEngine",
    "PolicyManager",
    "PolicyReceipt",
    "PolicyStatus",
    "PolicyUnavailable",
    "ShadowReport",
    "StoredVersion",
    "TestFailure",
    "TestReport",
    "Validity",
    "Verdict",
]
