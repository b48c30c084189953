"""Tags of an invalidation: ``user:42``, ``role:9``, a node such as ``channel:3``, and more.

``memory:user:42`` covers the same, in the memory of every process alone: entries in Redis stay
valid.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from yoto.nodes import MAX_ID, NodeId, integer_marks, mark_of, node_key, parse_text, text_of

GLOBAL = "global"
# Policies are evaluated after the cache; a change of them concerns listeners, not entries.
POLICY = "policy"

MEMORY = "memory:"
SEPARATOR = " "
# A team is no place, but concerns entries as the nodes above theirs do.
TEAM = "team"
# No type of resources can have these names.
RESERVED = frozenset({"user", "role", TEAM, "global", "policy", "memory", "everyone", "public"})

_MAX_DIGITS = len(str(MAX_ID))
mark_of(TEAM)


def user(user_id: int) -> str:
    """The tag of everything that one user may do."""
    return f"user:{user_id}"


def role(role_id: int) -> str:
    """The tag of everything that a role gives, directly or to roles that inherit from it."""
    return f"role:{role_id}"


def node(type_name: str, node_id: NodeId) -> str:
    """The tag of a node and all that is below it."""
    mark_of(type_name)
    return text_of(type_name, node_id)


def team(team_id: int) -> str:
    """The tag of everything that people have by being in a team."""
    return f"{TEAM}:{team_id}"


def memory(tag: str) -> str:
    """The tag of the memory of processes about ``tag``; Redis's entries stay believed."""
    return MEMORY + tag


def is_memory(tag: str) -> bool:
    """Whether ``tag`` concerns only the memory of processes."""
    return tag.startswith(MEMORY)


@dataclass(slots=True)
class DirtySet:
    """Subjects sorted by kind, as floors and caches need them.

    Attributes:
        everything: no entry may be believed any more.
        remembered: subjects to forget from memory only; entries about them stay believed.
    """

    everything: bool = False
    users: set[int] = field(default_factory=set)
    roles: set[int] = field(default_factory=set)
    nodes: set[int] = field(default_factory=set)
    remembered: DirtySet | None = None

    @classmethod
    def of(cls, tags: Iterable[str]) -> DirtySet:
        """Sort ``tags``; one that this version does not know touches everything.

        It may come from a newer version during a deployment, and could concern any entry.
        """
        dirty = cls()
        for tag in tags:
            dirty.add(tag)
        return dirty

    def add(self, tag: str) -> None:
        """Add one tag."""
        if tag == POLICY:
            return
        kind, _, digits = tag.partition(":")
        if is_memory(tag) and _is_entry(digits):
            self.remembered = self.remembered or DirtySet()
            self.remembered.add(digits)
            return
        if kind in ("user", "role"):
            subject_id = _id(digits)
            if subject_id is None:
                self.everything = True
            else:
                (self.users if kind == "user" else self.roles).add(subject_id)
            return
        found = parse_text(tag)
        # This process cannot have an entry of a type that it has never met, unless the tag
        # comes from a version that has other kinds of tags.
        if found is None or (found[0] not in integer_marks):
            self.everything = True
        else:
            self.nodes.add(node_key(*found))

    def merge(self, other: DirtySet) -> None:
        """Add everything that ``other`` touches."""
        self.everything = self.everything or other.everything
        self.users |= other.users
        self.roles |= other.roles
        self.nodes |= other.nodes
        if other.remembered is not None:
            self.remembered = self.remembered or DirtySet()
            self.remembered.merge(other.remembered)

    def __bool__(self) -> bool:
        return bool(self.everything or self.users or self.roles or self.nodes or self.remembered)


def is_known(tag: str) -> bool:
    """Whether this version knows the kind of ``tag``."""
    if tag in (GLOBAL, POLICY):
        return True
    dirty = DirtySet.of((tag,))
    return bool(dirty) and not dirty.everything


def _is_entry(tag: str) -> bool:
    """Whether remembered entries of this version can be about ``tag``."""
    return tag != POLICY and not is_memory(tag) and is_known(tag)


def _id(digits: str) -> int | None:
    # int() takes far more than digits: blanks, signs, underscores, other scripts.
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS):
        return None
    number = int(digits)
    return number if 1 <= number <= MAX_ID else None
