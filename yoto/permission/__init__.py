"""Permissions: verdicts, the decorators, the registry, and every change."""

from __future__ import annotations

from yoto.permission.boundaries import Boundary
from yoto.permission.caching.maintenance import MaintenanceChanged, MaintenanceStatus
from yoto.permission.checking.asking import taking_turns
from yoto.permission.explain import Explanation, VerdictChange
from yoto.permission.explain.loading import holding_sets, load_reach
from yoto.permission.guards.condition import Permission
from yoto.permission.guards.decorators import (
    require_expression,
    require_permission,
    require_permissions,
    require_role,
    require_roles,
)
from yoto.permission.guards.denying import GrantedAccess, permission_denied
from yoto.permission.guards.freshness import authenticated_at
from yoto.permission.guards.subject import acting_as, current_subject
from yoto.permission.guards.visitor import has_permission, has_role, init_page_globals
from yoto.permission.judged import JudgedChannels
from yoto.permission.loading.finding import is_public
from yoto.permission.loading.rows import grants_of, roles_of
from yoto.permission.loading.sites import Site
from yoto.permission.masking import MASKED, masked_address, masked_context
from yoto.permission.outbox.orphans import Orphan, Orphans
from yoto.permission.people.keys import NO_PERSON
from yoto.permission.people.kinds import PUBLIC, Application, Everyone, Team
from yoto.permission.people.numbers import (
    current_keys,
    number_everybody,
    number_of,
    number_some,
    own_ids,
    person_number,
)
from yoto.permission.people.subjects import subject_of_text, subject_text, target_of_text
from yoto.permission.rank.sight import SEES_ALL
from yoto.permission.rank.teams import members_of_teams, teams_above
from yoto.permission.registry.catalogue import EVERYONE_GRANTS
from yoto.permission.registry.expressions import NAME_PATTERN
from yoto.permission.registry.requirement import PermissionRequirement
from yoto.permission.registry.scopes import Place, checked_id, node_of_text, parse_place
from yoto.permission.registry.specs import MOST_APPROVALS, PermissionSpec
from yoto.permission.search import Page
from yoto.permission.state import AccessGranted, SuperAdminUse, state_of
from yoto.permission.system import PermissionSystem
from yoto.permission.verdict.abac import PolicyAnswer, PolicyQuestion
from yoto.permission.verdict.context import (
    CONTEXT_BYTES,
    CONTEXT_DEPTH,
    RequestContext,
    checked_context,
)
from yoto.permission.verdict.facts import PlaceFacts, RoleFacts
from yoto.permission.verdict.resolver import MembershipStatus, role_closure
from yoto.permission.verdict.verdict import Decision
from yoto.permission.ways import Way
from yoto.permission.writes.declared_roles import check_permissions, checked_roles
from yoto.permission.writes.roles import UNSET

__all__ = [
    "CONTEXT_BYTES",
    "CONTEXT_DEPTH",
    "EVERYONE_GRANTS",
    "Orphan",
    "Orphans",
    "PUBLIC",
    "SEES_ALL",
    "UNSET",
    "Application",
    "Boundary",
    "Decision",
    "Everyone",
    "Explanation",
    "VerdictChange",
    "MaintenanceChanged",
    "MaintenanceStatus",
    "Page",
    "AccessGranted",
    "Site",
    "Permission",
    "PermissionRequirement",
    "PermissionSpec",
    "PermissionSystem",
    "Place",
    "PlaceFacts",
    "PolicyAnswer",
    "PolicyQuestion",
    "RequestContext",
    "RoleFacts",
    "JudgedChannels",
    "MembershipStatus",
    "SuperAdminUse",
    "Team",
    "Way",
    "acting_as",
    "authenticated_at",
    "check_permissions",
    "checked_context",
    "checked_id",
    "checked_roles",
    "current_keys",
    "current_subject",
    "has_permission",
    "has_role",
    "grants_of",
    "holding_sets",
    "init_page_globals",
    "is_public",
    "role_closure",
    "load_reach",
    "MASKED",
    "MOST_APPROVALS",
    "NAME_PATTERN",
    "NO_PERSON",
    "roles_of",
    "masked_address",
    "masked_context",
    "members_of_teams",
    "teams_above",
    "node_of_text",
    "number_everybody",
    "number_of",
    "number_some",
    "own_ids",
    "parse_place",
    "permission_denied",
    "person_number",
    "require_expression",
    "require_permission",
    "require_permissions",
    "require_role",
    "require_roles",
    "subject_of_text",
    "subject_text",
    "taking_turns",
    "target_of_text",
    "GrantedAccess",
    "state_of",
]
