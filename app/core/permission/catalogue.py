"""The built-in permissions. Changing a scope here changes nothing for a database that has it."""

from __future__ import annotations

from app.core.permission.specs import PermissionSpec
from app.models import ScopeType


def _section(scope: ScopeType, group: str, **descriptions: str) -> tuple[PermissionSpec, ...]:
    return tuple(
        PermissionSpec(f"{group}.{action}", scope.value, group, description)
        for action, description in descriptions.items()
    )


CATALOGUE: tuple[PermissionSpec, ...] = (
    *_section(
        ScopeType.CHANNEL,
        "channel",
        read="See the channel; without it nothing else counts there",
        manage="Change, move and delete the channel",
        overwrite="Set what roles and members may do differently there",
    ),
    *_section(
        ScopeType.CHANNEL,
        "message",
        read_history="Read messages sent earlier",
        send="Send messages",
        manage="Delete messages of others",
        pin="Pin and unpin messages",
    ),
    *_section(
        ScopeType.SERVER,
        "server",
        manage="Change the server and its invites",
        administrator="Have every permission of the server",
        audit="Read the server's audit log",
    ),
    *_section(
        ScopeType.SERVER,
        "member",
        invite="Make invites",
        kick="Remove members",
        ban="Ban members and lift bans",
        timeout="Put members in time-out",
        nickname="Change the nicknames of others",
    ),
    *_section(
        ScopeType.SERVER,
        "role",
        manage="Make, change and delete roles",
        assign="Give and take roles",
    ),
    *_section(
        ScopeType.GLOBAL,
        "platform",
        view="See the control plane",
        operate="Steer the platform",
        admin="Administer the platform",
    ),
    *_section(
        ScopeType.GLOBAL,
        "admin",
        audit="Read the platform's audit log",
        registry="Register permissions",
        users="Manage accounts",
        roles="Manage global roles",
        groups="Manage permission groups",
    ),
)

# What ``@everyone`` may do in a new server, until somebody says otherwise.
EVERYONE_GRANTS = ("channel.read", "message.read_history", "message.send", "member.invite")
