"""Collecting rows of roles and grants into ``RoleFacts``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from yoto.permission.facts import RoleFacts


class RoleGatherer:
    """Takes rows in any order; ``roles()`` gives the facts.

    Args:
        mask_of: from a permission's id to its mask.
    """

    def __init__(self, mask_of: Callable[[int], int]) -> None:
        self._mask_of = mask_of
        self._shapes: dict[int, tuple[int | None, int | None, bool, bool]] = {}
        # Role id to [allow, deny, local allow, local deny].
        self._masks: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])

    def role(
        self,
        role_id: int,
        server_id: int | None,
        parent_id: int | None,
        active: int,
        is_default: int,
    ) -> None:
        self._shapes[role_id] = (server_id, parent_id, bool(active), bool(is_default))

    def grant(self, role_id: int, permission_id: int, allows: int, local: int) -> None:
        """A grant; ``local``: one for the channel alone, or an overwrite."""
        index = (2 if local else 0) + (0 if allows else 1)
        self._masks[role_id][index] |= self._mask_of(permission_id)

    def roles(self) -> dict[int, RoleFacts]:
        masks = self._masks
        none = (0, 0, 0, 0)
        return {
            role_id: RoleFacts(*shape, *masks.get(role_id, none))
            for role_id, shape in self._shapes.items()
        }
