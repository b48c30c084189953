"""All tables, one file an aggregate; importing this package shows them all to migrations."""

from typing import Any

from app.models.alert import (
    AlertBoardRow,
    AlertDeliveryRow,
    AlertHistoryRow,
    AlertRow,
    AlertRuleRow,
    AlertSilenceRow,
    AlertWebhookRow,
)
from app.models.api_token import ApiToken
from app.models.audit import AuditRecord, account_of, record_audit
from app.models.channel import Category, Channel, ChannelKind
from app.models.decision import DecisionRecord
from app.models.device import Device
from app.models.emergency import EmergencyAccess
from app.models.idempotency import IDEMPOTENCY_KEPT, IDEMPOTENCY_LEASE, IdempotencyKey
from app.models.member import Member
from app.models.message import Message
from app.models.outbox import OutboxEvent
from app.models.overwrite import ChannelOverwrite
from app.models.permission import (
    OnPolicyError,
    Permission,
    PermissionGroup,
    PermissionGroupMember,
)
from app.models.policy import (
    Policy,
    PolicyKind,
    PolicyRevision,
    PolicyShadowCount,
    PolicyState,
    PolicyVersion,
)
from app.models.resilience import ResilienceConfigChange
from app.models.role import (
    EVERYONE,
    Effect,
    Role,
    RoleAssignment,
    RoleGrant,
    RoleGroupGrant,
    ScopeType,
)
from app.models.second_factor import RecoveryCode, SecondFactor
from app.models.server import Invite, Server
from app.models.switch import PlatformSwitch
from app.models.token import ROTATED, RevokedToken
from app.models.user import User

# Columns whose values are sealed.
SEALED: dict[type[Any], tuple[str, ...]] = {
    AlertWebhookRow: ("url", "secret"),
    SecondFactor: ("secret",),
}

__all__ = [
    "SEALED",
    "RecoveryCode",
    "SecondFactor",
    "EVERYONE",
    "IDEMPOTENCY_KEPT",
    "IDEMPOTENCY_LEASE",
    "ROTATED",
    "AlertBoardRow",
    "AlertDeliveryRow",
    "AlertHistoryRow",
    "AlertRow",
    "AlertRuleRow",
    "AlertSilenceRow",
    "AlertWebhookRow",
    "ApiToken",
    "AuditRecord",
    "Category",
    "Channel",
    "ChannelKind",
    "ChannelOverwrite",
    "DecisionRecord",
    "Device",
    "Effect",
    "EmergencyAccess",
    "IdempotencyKey",
    "Invite",
    "Member",
    "Message",
    "OnPolicyError",
    "OutboxEvent",
    "Permission",
    "PermissionGroup",
    "PermissionGroupMember",
    "PlatformSwitch",
    "Policy",
    "PolicyKind",
    "PolicyRevision",
    "PolicyShadowCount",
    "PolicyState",
    "PolicyVersion",
    "ResilienceConfigChange",
    "RevokedToken",
    "Role",
    "RoleAssignment",
    "RoleGrant",
    "RoleGroupGrant",
    "ScopeType",
    "Server",
    "User",
    "account_of",
    "record_audit",
]
