"""The interface of the record of configuration: it is written and read back, wherever it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from .document import Change
from .kinds import Kind


class Journal(Protocol):
    """The record. It is the source of truth: its entries are in force, and nothing else is.

    Every method raises ``StoreUnavailable`` when the record cannot be reached.
    """

    def append(self, change: Change, before: Mapping[str, Any], newest: int | None = None) -> None:
        """Add a change and its audit record, both or neither, durable on return.

        Args:
            change: its version is one more than the version it was made from.
            before: the fields that the layer held until now, for the audit.
            newest: the present version of the entry; None: the one before the change's.

        Raises:
            VersionConflict: the entry's newest version is another.
            UnknownResource: the author of a new change is an account that is not there.
        """
        ...

    def newest(self, kind: Kind | None = None, name: str | None = None) -> Sequence[Change]:
        """The newest change of each layer of all entries, or of one entry."""
        ...

    def history(
        self, kind: Kind, name: str, limit: int, before_version: int | None = None
    ) -> Sequence[Change]:
        """The changes of an entry, newest first, below ``before_version`` if given."""
        ...

    def fingerprint(self) -> str:
        """A text that differs after any append by any process; cheap to get."""
        ...
