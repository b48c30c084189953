"""Policies in Rego: attributes decide, beside roles."""

from app.core.policy.attributes import (
    EMERGENCY_SWITCH,
    Emergencies,
    EmergencyHeld,
    Person,
    PlaceAttributes,
    RememberedEmergencies,
    RememberedPeople,
    RememberedPlaces,
    counts_in_server,
    has_device,
    judged_channels,
    judges_members,
    load_emergencies,
    load_person,
    load_place,
    load_roles,
)
from app.core.policy.behaviour import BehaviourWatch, CountedAction, risk_of
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
from app.core.policy.engine.opa import OPA_BREAKER, OpaEngine, OpaSettings
from app.core.policy.input import ABSENT, InputBuilder, Part, Question
from app.core.policy.manager import PolicyManager
from app.core.policy.metrics import BOUNDS_US
from app.core.policy.overrun import EvaluationDeadline, overrun_folder
from app.core.policy.result import (
    POLICY_ERROR,
    POLICY_UNAVAILABLE,
    UNDEFINED,
    PolicyDecision,
    Verdict,
)
from app.core.policy.service.receipt import Comparison, PolicyReceipt
from app.core.policy.service.rehearsal import Answer, Differing, Rehearsal
from app.core.policy.service.status import ManagerMetrics, PolicyStatus
from app.core.policy.settings import INSTEAD_OF_SLOW, POLICY_ENGINES
from app.core.policy.shadow import ShadowReport
from app.core.policy.store import DiffLine, StoredVersion, difference_of
from app.core.policy.texts import LANGUAGES, text_of

__all__ = [
    "ABSENT",
    "Answer",
    "BOUNDS_US",
    "BehaviourWatch",
    "Bundle",
    "Comparison",
    "CompiledPolicies",
    "CountedAction",
    "DiffLine",
    "Differing",
    "EMERGENCY_SWITCH",
    "EmbeddedEngine",
    "Emergencies",
    "EmergencyHeld",
    "EngineHealth",
    "EvaluationDeadline",
    "INSTEAD_OF_SLOW",
    "InputBuilder",
    "LANGUAGES",
    "ManagerMetrics",
    "OPA_BREAKER",
    "OpaEngine",
    "OpaSettings",
    "POLICY_ENGINES",
    "POLICY_ERROR",
    "POLICY_UNAVAILABLE",
    "Part",
    "Person",
    "PlaceAttributes",
    "PolicyDecision",
    "PolicyEngine",
    "PolicyManager",
    "PolicyReceipt",
    "PolicyStatus",
    "PolicyUnavailable",
    "Question",
    "Rehearsal",
    "RememberedEmergencies",
    "RememberedPeople",
    "RememberedPlaces",
    "ShadowReport",
    "StoredVersion",
    "TestFailure",
    "TestReport",
    "UNDEFINED",
    "Validity",
    "Verdict",
    "counts_in_server",
    "difference_of",
    "has_device",
    "judged_channels",
    "judges_members",
    "load_emergencies",
    "load_person",
    "load_place",
    "load_roles",
    "overrun_folder",
    "risk_of",
    "text_of",
]
