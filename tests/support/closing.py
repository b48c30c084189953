"""Objects that are closed when a ``with`` ends."""

from __future__ import annotations

from types import TracebackType
from typing import Self


class Closing:
    """Is entered as itself, and closed at the end."""

    def close(self) -> None:
        """End what there is; again changes nothing."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
