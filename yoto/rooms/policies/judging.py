"""The exports of ``yoto.rooms.policies``, loaded on demand: engines, the manager, ..."""

from __future__ import annotations

from yoto.rooms.policies.attributes import (
    Emergencies,
    EmergencyHeld,
    Person,
    RememberedEmergencies,
    RememberedPeople,
    attributes_of,
    counts_in_server,
    has_device,
    load_emergencies,
    load_person,
    load_roles,
    rows_of,
)
from yoto.rooms.policies.behaviour import BehaviourWatch, CountedAction, risk_of
from yoto.rooms.policies.bundle import Bundle
from yoto.rooms.policies.decision_cache import Validity
from yoto.rooms.policies.engine import (
    CompiledPolicies,
    EngineHealth,
    PolicyEngine,
    PolicyUnavailable,
    TestFailure,
    TestReport,
)
from yoto.rooms.policies.engine.choosing import policy_engine
from yoto.rooms.policies.engine.embedded import EmbeddedEngine
from yoto.rooms.policies.engine.embedded.deadline import EvaluationDeadline, overrun_folder
from yoto.rooms.policies.engine.opa import OPA_BREAKER, OpaEngine, OpaSettings
from yoto.rooms.policies.input import ABSENT, InputBuilder, Part, PartUnknown, Question
from yoto.rooms.policies.manager import PolicyManager
from yoto.rooms.policies.metrics import BOUNDS_US
from yoto.rooms.policies.result import UNDEFINED, Verdict
from yoto.rooms.policies.service.naming import JudgedPermission, KnownPermissions, PolicyWarning
from yoto.rooms.policies.service.results import (
    Answer,
    BeforeAndAfter,
    Comparison,
    Differing,
    PolicyDryRun,
    PolicyReceipt,
)
from yoto.rooms.policies.service.status import ManagerMetrics, PolicyStatus
from yoto.rooms.policies.service.subject_ids import IdKind, InputKinds, JsonKind
from yoto.rooms.policies.shadow import ShadowReport
from yoto.rooms.policies.store import DiffLine, StoredVersion, Version, VersionTexts, difference_of

__all__ = [
    "ABSENT",
    "BOUNDS_US",
    "OPA_BREAKER",
    "UNDEFINED",
    "Answer",
    "BeforeAndAfter",
    "BehaviourWatch",
    "Bundle",
    "Comparison",
    "CompiledPolicies",
    "CountedAction",
    "DiffLine",
    "Differing",
    "EmbeddedEngine",
    "Emergencies",
    "EmergencyHeld",
    "EngineHealth",
    "EvaluationDeadline",
    "InputBuilder",
    "IdKind",
    "InputKinds",
    "JsonKind",
    "JudgedPermission",
    "KnownPermissions",
    "ManagerMetrics",
    "OpaEngine",
    "OpaSettings",
    "Part",
    "PartUnknown",
    "Person",
    "PolicyEngine",
    "PolicyManager",
    "PolicyReceipt",
    "PolicyStatus",
    "PolicyUnavailable",
    "PolicyWarning",
    "Question",
    "PolicyDryRun",
    "RememberedEmergencies",
    "RememberedPeople",
    "ShadowReport",
    "StoredVersion",
    "TestFailure",
    "TestReport",
    "Validity",
    "Verdict",
    "Version",
    "VersionTexts",
    "attributes_of",
    "counts_in_server",
    "difference_of",
    "has_device",
    "load_emergencies",
    "load_person",
    "load_roles",
    "rows_of",
    "overrun_folder",
    "risk_of",
    "policy_engine",
]
