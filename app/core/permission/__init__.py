"""Permissions: what a verdict is made of, the decorators, the registry, and every change."""

from app.core.permission.abac import (
    JudgedPlaces,
    PolicyAnswer,
    PolicyCheck,
    PolicyQuestion,
)
from app.core.permission.catalogue import BUILT_IN_NAMES, EVERYONE_GRANTS, JUDGED_WHERE_SET
from app.core.permission.context import (
    CONTEXT_BYTES,
    CONTEXT_DEPTH,
    RequestContext,
    checked_context,
)
from app.core.permission.decorators import (
    require_expression,
    require_permission,
    require_permissions,
)
from app.core.permission.explain import Explanation
from app.core.permission.facts import PlaceFacts, RoleFacts
from app.core.permission.group_writes import RegisteredGroup
from app.core.permission.maintenance import MaintenanceChanged, MaintenanceStatus
from app.core.permission.outbox.watching import in_change
from app.core.permission.positions import required_position
from app.core.permission.preloading import PreloadReport, PreloadStats
from app.core.permission.queue_handlers import register_permission_handlers
from app.core.permission.receipt import WriteReceipt
from app.core.permission.records import MASKED, RecordSettings, masked_address, masked_context
from app.core.permission.registry import RegisteredPermission
from app.core.permission.replay import Replay
from app.core.permission.requirement import PermissionRequirement
from app.core.permission.resolver import Resolution, Standing, lineage
from app.core.permission.review import (
    ACCESS_COLUMNS,
    DIFFERENCE_COLUMNS,
    AccessDifference,
    AccessLine,
    AccessPage,
    access_rows,
    difference_rows,
)
from app.core.permission.role_writes import UNSET, RegisteredRole, Unset
from app.core.permission.scopes import Place
from app.core.permission.search import Page
from app.core.permission.specs import PermissionSpec
from app.core.permission.state import AccessGranted, SuperAdminUse
from app.core.permission.subject import acting_as, current_subject
from app.core.permission.system import PermissionSystem
from app.core.permission.templates import PermissionTemplate, TemplateLevel, TemplateParameter
from app.core.permission.turns import taking_turns
from app.core.permission.verdict import Decision
from app.core.permission.warming import ComponentState, StepReport, WarmUpParts, WarmUpReport

__all__ = [
    "BUILT_IN_NAMES",
    "ACCESS_COLUMNS",
    "AccessDifference",
    "AccessLine",
    "AccessPage",
    "CONTEXT_BYTES",
    "CONTEXT_DEPTH",
    "DIFFERENCE_COLUMNS",
    "EVERYONE_GRANTS",
    "JUDGED_WHERE_SET",
    "UNSET",
    "ComponentState",
    "Decision",
    "Explanation",
    "JudgedPlaces",
    "MaintenanceChanged",
    "MaintenanceStatus",
    "Page",
    "AccessGranted",
    "PermissionRequirement",
    "PermissionSpec",
    "PermissionSystem",
    "PermissionTemplate",
    "Place",
    "PlaceFacts",
    "PolicyAnswer",
    "PolicyCheck",
    "PolicyQuestion",
    "PreloadReport",
    "PreloadStats",
    "RecordSettings",
    "RegisteredGroup",
    "RegisteredPermission",
    "RegisteredRole",
    "Replay",
    "RequestContext",
    "Resolution",
    "RoleFacts",
    "Standing",
    "StepReport",
    "SuperAdminUse",
    "TemplateLevel",
    "TemplateParameter",
    "Unset",
    "WarmUpParts",
    "WarmUpReport",
    "WriteReceipt",
    "access_rows",
    "acting_as",
    "checked_context",
    "current_subject",
    "difference_rows",
    "in_change",
    "lineage",
    "MASKED",
    "masked_address",
    "masked_context",
    "register_permission_handlers",
    "require_expression",
    "require_permission",
    "require_permissions",
    "required_position",
    "taking_turns",
]
