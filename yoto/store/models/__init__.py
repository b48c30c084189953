"""The platform's tables, one file an aggregate, and its read models of the application's."""

from typing import Any

from yoto.store.models.audit import (
    AuditRecord,
    account_of,
    record_audit,
    record_entry,
    require_account,
)
from yoto.store.models.declared import Category, Channel, Member, Message, Server, User
from yoto.store.models.idempotency import IDEMPOTENCY_KEPT, IDEMPOTENCY_LEASE, IdempotencyKey
from yoto.store.models.operator import ApiToken
from yoto.store.models.outbox import OutboxEvent
from yoto.store.models.overwrite import ChannelOverwrite
from yoto.store.models.permission import (
    OnPolicyError,
    Permission,
    PermissionGroup,
    PermissionGroupMember,
)
from yoto.store.models.person import KnownPerson, RoleProvided, RolesAsked, SubjectKey
from yoto.store.models.resilience import ResilienceConfigChange
from yoto.store.models.resource import Resource
from yoto.store.models.role import (
    EVERYONE,
    NOWHERE,
    Effect,
    Role,
    RoleAssignment,
    RoleGrant,
    RoleGroupGrant,
    RoleParent,
    ScopeType,
)
from yoto.store.models.sign_in import ROTATED, Device, RevokedToken
from yoto.store.models.switch import EMERGENCY_SWITCH, EmergencyAccess, PlatformSwitch
from yoto.store.models.team import ProgramAccount, Team, TeamMember, TeamParent

# Sealed columns, each with its purpose; rooms and an application add theirs.
SEALED: dict[type[Any], dict[str, str]] = {}

__all__ = [
    "SEALED",
    "EMERGENCY_SWITCH",
    "EVERYONE",
    "IDEMPOTENCY_KEPT",
    "IDEMPOTENCY_LEASE",
    "NOWHERE",
    "ROTATED",
    "ApiToken",
    "AuditRecord",
    "Category",
    "Channel",
    "ChannelOverwrite",
    "Device",
    "Effect",
    "EmergencyAccess",
    "IdempotencyKey",
    "KnownPerson",
    "Member",
    "Message",
    "OnPolicyError",
    "OutboxEvent",
    "Permission",
    "PermissionGroup",
    "PermissionGroupMember",
    "PlatformSwitch",
    "ProgramAccount",
    "ResilienceConfigChange",
    "Resource",
    "RevokedToken",
    "Role",
    "RoleAssignment",
    "RoleGrant",
    "RoleGroupGrant",
    "RoleParent",
    "RoleProvided",
    "RolesAsked",
    "ScopeType",
    "Server",
    "SubjectKey",
    "Team",
    "TeamMember",
    "TeamParent",
    "User",
    "account_of",
    "record_audit",
    "record_entry",
    "require_account",
]
