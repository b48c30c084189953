"""What an invalidation is about: ``user:42``, ``role:9``, ``server:7``, ``channel:3``, and more.

``memory:user:42`` is about the same, in the memory of every process alone: what Redis has of it
stays believed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

GLOBAL = "global"
# Policies are evaluated after the cache; a change of them concerns listeners, not entries.
POLICY = "policy"

MEMORY = "memory:"
SEPARATOR = " "
MAX_ID = (1 << 63) - 1

_MAX_DIGITS = len(str(MAX_ID))


def user(user_id: int) -> str:
    """The subject of everything that one user may do."""
    return f"user:{user_id}"


def role(role_id: int) -> str:
    """The subject of everything that a role gives, directly or to roles that inherit from it."""
    return f"role:{role_id}"


def server(server_id: int) -> str:
    """The subject of a server and all its channels."""
    return f"server:{server_id}"


def channel(channel_id: int) -> str:
    """The subject of one channel."""
    return f"channel:{channel_id}"


def memory(subject: str) -> str:
    """The subject of what processes remember about ``subject``; Redis's entries stay believed."""
    return MEMORY + subject


def is_memory(subject: str) -> bool:
    """Whether ``subject`` is about what processes remember alone."""
    return subject.startswith(MEMORY)


@dataclass(slots=True)
class Touched:
    """Subjects sorted by kind, as floors and caches need them.

    Attributes:
        everything: no entry may be believed any more.
        remembered: what is only to be forgotten; entries about it stay believed.
    """

    everything: bool = False
    users: set[int] = field(default_factory=set)
    roles: set[int] = field(default_factory=set)
    servers: set[int] = field(default_factory=set)
    channels: set[int] = field(default_factory=set)
    remembered: Touched | None = None

    @classmethod
    def of(cls, subjects: Iterable[str]) -> Touched:
        """Sort ``subjects``; one that this version does not know touches everything.

        It may come from a newer version during a deployment, and could concern any entry.
        """
        touched = cls()
        for subject in subjects:
            touched.add(subject)
        return touched

    def add(self, subject: str) -> None:
        """Add one subject."""
        if subject == POLICY:
            return
        kind, _, digits = subject.partition(":")
        if is_memory(subject) and _is_entry(digits):
            self.remembered = self.remembered or Touched()
            self.remembered.add(digits)
            return
        ids = self._ids_of(kind)
        subject_id = _id(digits)
        if ids is None or subject_id is None:
            self.everything = True
        else:
            ids.add(subject_id)

    def merge(self, other: Touched) -> None:
        """Add everything that ``other`` touches."""
        self.everything = self.everything or other.everything
        self.users |= other.users
        self.roles |= other.roles
        self.servers |= other.servers
        self.channels |= other.channels
        if other.remembered is not None:
            self.remembered = self.remembered or Touched()
            self.remembered.merge(other.remembered)

    def __bool__(self) -> bool:
        return bool(
            self.everything
            or self.users
            or self.roles
            or self.servers
            or self.channels
            or self.remembered
        )

    def _ids_of(self, kind: str) -> set[int] | None:
        match kind:
            case "user":
                return self.users
            case "role":
                return self.roles
            case "server":
                return self.servers
            case "channel":
                return self.channels
        return None


def is_known(subject: str) -> bool:
    """Whether ``subject`` names something in this version's words."""
    if subject in (GLOBAL, POLICY):
        return True
    touched = Touched.of((subject,))
    return bool(touched) and not touched.everything


def _is_entry(subject: str) -> bool:
    """Whether something that is remembered can be about ``subject``, as this version knows it."""
    return subject != POLICY and not is_memory(subject) and is_known(subject)


def _id(digits: str) -> int | None:
    # int() takes far more than digits: blanks, signs, underscores, other scripts.
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS):
        return None
    number = int(digits)
    return number if 1 <= number <= MAX_ID else None
