"""The exports of ``yoto.rooms.policies``, loaded on demand: engines, the manager, ..."""

from __future__ import annotations

from yoto.errors import PolicyUnavailable
from yoto.rooms.policies.behaviour.watching import BehaviourWatch
from yoto.rooms.policies.bundle import Bundle
from yoto.rooms.policies.decision_cache import Validity
from yoto.rooms.policies.engine.choosing import policy_engine
from yoto.rooms.policies.engine.embedded.deadline import EvaluationDeadline, overrun_folder
from yoto.rooms.policies.engine.embedded.engine import EmbeddedEngine
from yoto.rooms.policies.engine.opa.engine import OpaEngine
from yoto.rooms.policies.engine.opa.wire import OPA_BREAKER, OpaSettings
from yoto.rooms.policies.engine.protocol import (
    CompiledPolicies,
    EngineHealth,
    PolicyEngine,
    TestFailure,
    TestReport,
)
from yoto.rooms.policies.manager import PolicyManager
from yoto.rooms.policies.result import UNDEFINED, Verdict
from yoto.rooms.policies.service.naming import JudgedPermission, PolicyWarning
from yoto.rooms.policies.service.results import (
    Answer,
    BeforeAndAfter,
    Comparison,
    Differing,
    PolicyDryRun,
    PolicyReceipt,
)
from yoto.rooms.policies.service.status import ManagerMetrics, PolicyStatus
from yoto.rooms.policies.shadow import ShadowReport
from yoto.rooms.policies.store.entry import StoredVersion, Version, VersionTexts

__all__ = [
    "OPA_BREAKER",
    "UNDEFINED",
    "Answer",
    "BeforeAndAfter",
    "BehaviourWatch",
    "Bundle",
    "Comparison",
    "CompiledPolicies",
    "Differing",
    "EmbeddedEngine",
    "EngineHealth",
    "EvaluationDeadline",
    "JudgedPermission",
    "ManagerMetrics",
    "OpaEngine",
    "OpaSettings",
    "PolicyEngine",
    "PolicyManager",
    "PolicyReceipt",
    "PolicyStatus",
    "PolicyUnavailable",
    "PolicyWarning",
    "PolicyDryRun",
    "ShadowReport",
    "StoredVersion",
    "TestFailure",
    "TestReport",
    "Validity",
    "Verdict",
    "Version",
    "VersionTexts",
    "overrun_folder",
    "policy_engine",
]
