"""The times at which grants, overwrites, ownership and so on began."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from yoto.permission.explain.facts import ExplanationFacts, GrantRow


@dataclass(slots=True)
class Origins:
    """The times at which things began; a missing one is unknown.

    Attributes:
        direct, grouped: grants by role, permission or group, and scope.
        groups: by group and permission, when it got it.
        roles: by role, when it was last switched on or given its parent, or was made.
        overwrites: by node and target, when the one in force that allows the permission was set.
        synced: when the channel came to go by its category.
        held: by subject, role and node, when a lapsed assignment was renewed.
        owner: when the owner became it.
        super_admin: by user.
    """

    direct: dict[tuple[int, int, str], datetime] = field(default_factory=dict)
    grouped: dict[tuple[int, int, str], datetime] = field(default_factory=dict)
    groups: dict[tuple[int, int], datetime] = field(default_factory=dict)
    roles: dict[int, datetime] = field(default_factory=dict)
    overwrites: dict[tuple[str, str], datetime] = field(default_factory=dict)
    synced: datetime | None = None
    held: dict[tuple[str, int, str], datetime] = field(default_factory=dict)
    owner: datetime | None = None
    super_admin: dict[int, datetime] = field(default_factory=dict)

    def of_grant(self, row: GrantRow) -> datetime | None:
        """When the grant began to give the permission."""
        if row.group_id is None:
            return self.direct.get((row.role_id, row.permission_id, row.scope))
        granted = self.grouped.get((row.role_id, row.group_id, row.scope))
        inside = self.groups.get((row.group_id, row.permission_id))
        return None if granted is None or inside is None else max(granted, inside)

    def of_overwrite(self, facts: ExplanationFacts, target: str, place: str) -> datetime | None:
        """When the target's overwrite began to allow the permission there."""
        since = self.overwrites.get((place, target))
        if place in facts.site.nodes:
            return since
        return None if since is None or self.synced is None else max(since, self.synced)
