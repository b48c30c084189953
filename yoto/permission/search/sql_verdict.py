"""docs/verdicts.md as one SQL condition on channels or servers, for one user and one permission.

Where the resolver works on masks of many permissions in one place, this is one permission in many
places. Each place asks one subquery over the user's rights (``rights_sql``) for the strongest of
each layer. One subquery, because MariaDB keeps a copy of the rights for each that names them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select, true

from yoto.permission.registry import ADMINISTRATOR, READ, READ_HISTORY, RegisteredPermission
from yoto.permission.search.rights_sql import (
    BASE,
    EVERYWHERE,
    GRANTED,
    MARK,
    MEMBER,
    OWN_ALLOW,
    OWNER,
    REFUSED,
    rights_of,
)
from yoto.permission.statements import users
from yoto.store.models import ScopeType

Condition = ColumnElement[bool]


class SqlVerdict:
    """The condition and its parts; good for one statement.

    Args:
        permission: the one asked for.
        known: all registered permissions, by name.
        now: for windows and time-outs.
    """

    def __init__(
        self,
        user_id: int,
        permission: RegisteredPermission,
        known: Mapping[str, RegisteredPermission],
        now: datetime,
    ) -> None:
        self._permission = permission
        self._administrator = known.get(ADMINISTRATOR)
        self._read = known.get(READ)
        implying = [found for found in (self._administrator, self._read) if found is not None]
        self.rights = rights_of(user_id, list(dict.fromkeys([permission, *implying])), now)
        account = select(users.c.super_admin).where(
            users.c.id == user_id, users.c.disabled == false()
        )
        # Whether the user is a super-admin; NULL for nobody and for disabled accounts.
        self.super_admin = account.scalar_subquery()

    def on_servers(self, server: Any) -> Condition:
        """The verdict in the server of each row of ``server``, an entity or alias."""
        here = or_(self.rights.c.server_id.is_(None), self.rights.c.server_id == server.id)
        return self._verdict(server.id, here, self._base(self._permission))

    def on_channels(self, channel: Any) -> Condition:
        """The verdict in each channel."""
        rights = self.rights.c
        in_sync = and_(channel.synced == true(), channel.category_id.is_not(None))
        here = or_(
            rights.server_id.is_(None),
            rights.server_id == channel.server_id,
            rights.granted_in == channel.id,
            and_(rights.channel_id == channel.id, ~in_sync),
            and_(rights.category_id == channel.category_id, in_sync),
        )
        # Without the permission to see it, nothing in a channel remains.
        seen = self._shaped(self._read) if self._read is not None else false()
        return self._verdict(channel.server_id, here, and_(self._shaped(self._permission), seen))

    def _verdict(
        self, server_id: ColumnElement[int], here: Condition, ordinary: Condition
    ) -> Condition:
        """Steps 1, 4 and 6 around what the roles, and in channels the overwrites, gave."""
        rights = self.rights.c
        in_charge = self._has(OWNER)
        if self._administrator is not None:
            in_charge = or_(in_charge, self._base(self._administrator))
        local = self._permission.scope != ScopeType.GLOBAL
        rules: list[tuple[Condition, Any]] = [
            (in_charge, true() if local else self._base(self._permission))
        ]
        if self._permission.name not in (READ, READ_HISTORY):
            timed_out = self._strongest(rights.layer == MEMBER) == 1
            rules.append((timed_out, false()))
        allowed = (
            select(case(*rules, else_=ordinary))
            .where(or_(rights.home == EVERYWHERE, rights.home == server_id), here)
            .correlate_except(self.rights)
            .scalar_subquery()
        )
        is_anybody = self.super_admin.is_not(None)
        return and_(is_anybody, or_(self.super_admin == true(), allowed == true()))

    def _strongest(self, *which: Condition) -> ColumnElement[int]:
        """The highest strength of such rights in the place; NULL: there are none."""
        return func.max(case((and_(*which), self.rights.c.strength)))

    def _has(self, layer: int) -> Condition:
        return self._strongest(self.rights.c.layer == layer).is_not(None)

    def _base(self, permission: RegisteredPermission) -> Condition:
        """Step 3, for one permission."""
        rights = self.rights.c
        strongest = self._strongest(rights.layer == BASE, rights.permission_id == permission.id)
        return func.coalesce(strongest, REFUSED) == GRANTED

    def _shaped(self, permission: RegisteredPermission) -> Condition:
        """Step 5, for one permission: the strongest overwrite in force, else the base."""
        rights, base = self.rights.c, self._base(permission)
        if permission.scope == ScopeType.GLOBAL:
            return base
        about_it = (rights.layer == MARK, rights.permission_id == permission.id)
        of_members = self._strongest(*about_it)
        of_others = self._strongest(*about_it, rights.strength != OWN_ALLOW)
        is_member = or_(self._has(MEMBER), self._has(OWNER))
        strongest = case((is_member, of_members), else_=of_others)
        given = case((strongest % 2 == 0, true()), else_=false())
        return case((strongest.is_(None), base), else_=given) == true()
