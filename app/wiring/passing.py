"""Telling several listeners of one passed check."""

from __future__ import annotations

from collections.abc import Callable

from app.core.permission import Passage


def tell_each(*listeners: Callable[[Passage], None]) -> Callable[[Passage], None]:
    """One listener that tells all of ``listeners``, in their order, on the way of a request."""

    def tell(passage: Passage) -> None:
        for listener in listeners:
            listener(passage)

    return tell
