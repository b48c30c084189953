"""Positions of changes: those that a request requires, and those that its response returns."""

from __future__ import annotations

from yoto.cache import ORIGIN
from yoto.errors import ValidationFailed
from yoto.permission.outbox.positions import DATABASE_ONLY, set_required, to_position
from yoto.permission.outbox.receipt import last_position
from yoto.permission.state import get_state_in_maintenance


class PositionCalls:
    """The part of ``PermissionSystem`` about positions; it works in maintenance too."""

    def require_position(self, text: str, field: str = "at_least") -> None:
        """From now on every check in this context includes the change at a position.

        This process is given a moment to apply it. In vain, the context's checks read the database.

        Args:
            text: the position in a receipt or a response header.
            field: the name of ``text`` in errors.

        Raises:
            ValidationFailed: it is no position, or one that was never given out.
            StoreUnavailable: only the database knows, and it did not answer.
        """
        caching = get_state_in_maintenance().caching
        if caching is None:
            return
        position = to_position(text, caching.pool, field)
        if position > caching.cache.tailer.applied and position is not DATABASE_ONLY:
            try:
                if not caching.cache.reached(position):
                    position = DATABASE_ONLY
            except ValidationFailed as error:
                raise ValidationFailed({field: list(*error.errors.values())}) from None
        set_required(position)

    def require_database(self) -> None:
        """From now on every check in this context reads the database."""
        set_required(DATABASE_ONLY)

    def require_nothing(self) -> None:
        """From now on checks in this context may be as old as they may be anyway."""
        set_required(None)

    def last_position(self) -> str | None:
        """The position of the current session's last commit, to wait for; None: it has none."""
        return last_position()

    def known_position(self) -> str | None:
        """The newest position that this process has heard of; None: none yet."""
        caching = get_state_in_maintenance().caching
        known = ORIGIN if caching is None else caching.cache.tailer.known
        return None if known == ORIGIN else str(known)
