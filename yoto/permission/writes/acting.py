"""The frame of a write: its actor, its transaction, and its audit record."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, TypedDict

from sqlalchemy.orm import Session

from yoto.permission.database.transactions import write
from yoto.permission.outbox.watching import note_act
from yoto.permission.people.numbers import SubjectId, actor_number
from yoto.permission.rank.administrators import keeping_by_roles
from yoto.permission.rank.hierarchy import Authority
from yoto.permission.rank.sight import hiding
from yoto.permission.state import PermissionState, get_state, get_state_in_maintenance
from yoto.store.models import Role, record_audit

# Whether the present writes are parts of one act that its actor was allowed before.
_agreed: ContextVar[bool] = ContextVar("agreed", default=False)


@contextmanager
def agreed() -> Iterator[None]:
    """A block of writes by an actor who was allowed all that they do together before.

    They are recorded as the actor's, and no rule of the hierarchy is applied to each alone.
    """
    token = _agreed.set(True)
    try:
        yield
    finally:
        _agreed.reset(token)


class WriteOptions(TypedDict, total=False):
    """The arguments that all writes share; see ``Writes``."""

    actor_id: SubjectId | None
    reason: str | None
    commit: bool


def with_defaults(
    actor_id: SubjectId | None = None, reason: str | None = None, commit: bool = True
) -> tuple[SubjectId | None, str | None, bool]:
    """The same with their defaults; any other argument is a ``TypeError``."""
    return actor_id, reason, commit


class Act:
    """One write: its transaction, and the actor's part in it.

    Attributes:
        commits: whether its end is the end of the transaction.
    """

    def __init__(
        self,
        state: PermissionState,
        session: Session,
        actor_id: int | None,
        reason: str | None,
        commits: bool,
    ) -> None:
        self.session = session
        self.registry = state.registry
        self.actor_id, self.commits = actor_id, commits
        self._state, self._reason = state, reason
        self._authority: Authority | None = None

    @property
    def authority(self) -> Authority:
        """The actor's rights to give, take and edit.

        Ask for them once everything the write waits for is read: others may have changed them until
        then.

        Raises:
            PermissionDenied: the actor does not exist, or is disabled.
        """
        if self._authority is None:
            self._authority = Authority(self._state, self.session, self.actor_id)
            self._authority.unbounded |= self.is_agreed
        return self._authority

    @property
    def is_agreed(self) -> bool:
        """Whether it is a part of an act that its actor was allowed before (``agreed``)."""
        return _agreed.get()

    def check_actor(self) -> None:
        """Demand an actor for a write that every user may do; raises as ``authority``."""
        self._authority = self.authority

    def record(
        self,
        action: str,
        subject: Role | str,
        before: Any,
        after: Any,
        home: str | None = None,
    ) -> None:
        """Add a record of it by its actor, with its reason; see ``record_audit``.

        Args:
            subject: for a role itself, also its home is recorded.
        """
        if isinstance(subject, Role):
            home, subject = subject.home, f"role:{subject.id}"
        record_audit(
            action,
            subject,
            by=self.authority.actor_id,
            home=home,
            before=before,
            after=after,
            reason=self._reason,
            session=self.session,
        )


@contextmanager
def acting(
    options: WriteOptions,
    conflict: Mapping[str, str] | None = None,
    *,
    roles: Collection[int] = (),
    field: str = "role_id",
    in_maintenance: bool = False,
) -> Iterator[Act]:
    """A block of changes that is stored as a whole, with the records of it.

    Args:
        conflict: as in ``write``.
        roles: roles whose change could cost someone the administration of the platform; ``field``
            names them.
        in_maintenance: whether it works then, too.

    Raises:
        MaintenanceMode: the platform is in maintenance.
        UnknownResource: an id names nothing, or something hidden from an actor who is refused.
        ValidationFailed: the actor is no id, or ``conflict``.
        LastAdministrator: the change would leave the platform without an administrator.
        WriteConflict: another writer changed the same things first.
        StoreUnavailable: the database did not answer.
    """
    actor_id, reason, commit = with_defaults(**options)
    number = actor_number(actor_id)
    state = get_state_in_maintenance() if in_maintenance else get_state()
    with ExitStack() as stack:
        if not _agreed.get():
            stack.enter_context(hiding(state, number))
        session = stack.enter_context(write(commit, conflict))
        note_act(session)
        if roles:
            stack.enter_context(keeping_by_roles(session, roles, field, begin_anew=commit))
        yield Act(state, session, number, reason, commit)
