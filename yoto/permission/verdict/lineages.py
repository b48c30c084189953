"""The roles that take part in a user's permissions, whether they give anything now or not."""

from __future__ import annotations

from yoto.permission.verdict.facts import PlaceFacts, UserFacts


class Lineages:
    """The roles of one place; users with the same roles share one set."""

    def __init__(self, place: PlaceFacts) -> None:
        self._roles = place.roles
        self._default = frozenset(
            role_id for role_id, role in place.roles.items() if role.is_default
        )
        self._of_role: dict[int, frozenset[int]] = {}
        self._of_roles: dict[tuple[int, ...], frozenset[int]] = {}

    def of(self, user: UserFacts) -> frozenset[int]:
        """The roles that ``user`` is assigned, at whatever time, their ancestors, the default."""
        held = tuple(sorted(assignment.role_id for assignment in user.assignments))
        found = self._of_roles.get(held)
        if found is None:
            found = self._default.union(*(self._line(role_id) for role_id in held))
            self._of_roles[held] = found
        return found

    def _line(self, role_id: int) -> frozenset[int]:
        found = self._of_role.get(role_id)
        if found is None:
            line: set[int] = set()
            newest = {role_id}
            while newest:
                line |= newest
                known = (self._roles.get(current) for current in newest)
                newest = {one for role in known if role for one in role.parents} - line
            found = self._of_role[role_id] = frozenset(line)
        return found
