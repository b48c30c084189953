"""The exports of ``yoto.policy`` beside reasons, loaded on demand: engines, the manager, ..."""

from __future__ import annotations

from yoto.policy.attributes import (
    EMERGENCY_SWITCH,
    Emergencies,
    EmergencyHeld,
    Person,
    PlaceAttributes,
    RememberedEmergencies,
    RememberedPeople,
    RememberedPlaces,
    attributes_of,
    counts_in_server,
    has_device,
    judged_channels,
    judges_members,
    load_emergencies,
    load_person,
    load_place,
    load_roles,
    rows_of,
)
from yoto.policy.behaviour import BehaviourWatch, CountedAction, risk_of
from yoto.policy.bundle import Bundle
from yoto.policy.decision_cache import Validity
from yoto.policy.engine import (
    CompiledPolicies,
    EngineHealth,
    PolicyEngine,
    PolicyUnavailable,
    TestFailure,
    TestReport,
)
from yoto.policy.engine.choosing import policy_engine
from yoto.policy.engine.embedded import EmbeddedEngine
from yoto.policy.engine.opa import OPA_BREAKER, OpaEngine, OpaSettings
from yoto.policy.input import ABSENT, InputBuilder, Part, PartUnknown, Question
from yoto.policy.manager import PolicyManager
from yoto.policy.metrics import BOUNDS_US
from yoto.policy.overrun import EvaluationDeadline, overrun_folder
from yoto.policy.service.coverage import JudgedPermission
from yoto.policy.service.dry_run import Answer, BeforeAndAfter, Differing, PolicyDryRun
from yoto.policy.service.naming import KnownPermissions, PolicyWarning
from yoto.policy.service.receipt import Comparison, PolicyReceipt
from yoto.policy.service.status import ManagerMetrics, PolicyStatus
from yoto.policy.service.subject_ids import IdKind, InputKinds, JsonKind
from yoto.policy.shadow import ShadowReport
from yoto.policy.store import DiffLine, StoredVersion, Version, VersionTexts, difference_of

__all__ = [
    "ABSENT",
    "BOUNDS_US",
    "EMERGENCY_SWITCH",
    "OPA_BREAKER",
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
    "PlaceAttributes",
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
    "RememberedPlaces",
    "ShadowReport",
    "StoredVersion",
    "TestFailure",
    "TestReport",
    "Validity",
    "Version",
    "VersionTexts",
    "attributes_of",
    "counts_in_server",
    "difference_of",
    "has_device",
    "judged_channels",
    "judges_members",
    "load_emergencies",
    "load_person",
    "load_place",
    "load_roles",
    "rows_of",
    "overrun_folder",
    "risk_of",
    "policy_engine",
]
