"""The built-in permissions. Changing a scope here changes nothing for a database that has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from yoto.errors import ValidationFailed
from yoto.permission.registry.specs import PermissionSpec, checked_spec
from yoto.store.models import ScopeType

# Permissions that policies check in every place: see ``docs/abac.md``.
JUDGED = ("server.manage", "member.ban")
JUDGED_GROUP = "admin."
# Permissions that policies check only in channels that have hours or a sensitivity.
JUDGED_WHERE_SET = frozenset({"message.send"})


def _is_judged(name: str) -> bool:
    return name in JUDGED or name.startswith(JUDGED_GROUP)


# Holders of these could give themselves the rest: two persons must agree to lend one.
TWO_APPROVALS = frozenset({"role.manage", "role.assign", "channel.overwrite", "member.ban"})
# It implies every permission of the server, and is lent to no one.
NOT_ON_REQUEST = frozenset({"server.administrator"})


def _approvals(name: str) -> int | None:
    if name in NOT_ON_REQUEST:
        return 0
    return 2 if name in TWO_APPROVALS else None


def _section(scope: ScopeType, group: str, **descriptions: str) -> tuple[PermissionSpec, ...]:
    return tuple(
        PermissionSpec(
            name := f"{group}.{action}",
            scope.value,
            group,
            description,
            abac=_is_judged(name),
            requires_approvals=_approvals(name),
        )
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
        emergency="Take emergency access",
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


# The permissions of ``@everyone`` in a new server, until they are changed.
EVERYONE_GRANTS = ("channel.read", "message.read_history", "message.send", "member.invite")


class Catalogue:
    """The permissions of the code, filled by one thread while the app starts."""

    def __init__(self) -> None:
        self._specs = {spec.name: spec for spec in CATALOGUE}

    def add(self, entries: Iterable[str | Mapping[str, Any] | PermissionSpec]) -> None:
        """Add permissions; an equal one that is there already changes nothing.

        Raises:
            ValidationFailed: a malformed entry, or another one has its name; then none was added.
        """
        specs = [checked_spec(entry) for entry in entries]
        for spec in specs:
            if self._specs.get(spec.name, spec) != spec:
                raise ValidationFailed({"name": f"another permission is called '{spec.name}'"})
        self._specs.update((spec.name, spec) for spec in specs)

    def approvals(self, name: str) -> int | None:
        """How many persons the code demands to lend a permission; None: it demands none."""
        spec = self._specs.get(name)
        return None if spec is None else spec.requires_approvals

    def all(self) -> list[PermissionSpec]:
        """All permissions, built-in ones first."""
        return list(self._specs.values())
