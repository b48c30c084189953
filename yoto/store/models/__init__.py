"""All tables, one file an aggregate; importing this package shows them all to migrations."""

from typing import Any

from yoto.store.models.alert import (
    AlertBoardRow,
    AlertDeliveryRow,
    AlertHistoryRow,
    AlertRow,
    AlertRuleRow,
    AlertSilenceRow,
    AlertWebhookRow,
)
from yoto.store.models.api_token import ApiToken
from yoto.store.models.audit import AuditRecord, account_of, record_audit
from yoto.store.models.channel import Category, Channel, ChannelKind
from yoto.store.models.decision import DecisionRecord
from yoto.store.models.device import Device
from yoto.store.models.emergency import EmergencyAccess
from yoto.store.models.idempotency import IDEMPOTENCY_KEPT, IDEMPOTENCY_LEASE, IdempotencyKey
from yoto.store.models.member import Member
from yoto.store.models.message import Message
from yoto.store.models.outbox import OutboxEvent
from yoto.store.models.overwrite import ChannelOverwrite
from yoto.store.models.permission import (
    OnPolicyError,
    Permission,
    PermissionGroup,
    PermissionGroupMember,
)
from yoto.store.models.policy import (
    Policy,
    PolicyKind,
    PolicyRevision,
    PolicyShadowCount,
    PolicyState,
    PolicyVersion,
)
from yoto.store.models.resilience import ResilienceConfigChange
from yoto.store.models.role import (
    EVERYONE,
    Effect,
    Role,
    RoleAssignment,
    RoleGrant,
    RoleGroupGrant,
    ScopeType,
)
from yoto.store.models.second_factor import RecoveryCode, SecondFactor
from yoto.store.models.server import Invite, Server
from yoto.store.models.switch import PlatformSwitch
from yoto.store.models.token import ROTATED, RevokedToken
from yoto.store.models.user import User

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
