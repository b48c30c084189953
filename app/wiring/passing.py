"""Who is told of a passed check."""

from __future__ import annotations

from collections.abc import Callable

from app.core.cache import place_key
from app.core.optimization import HotCounts
from app.core.permission import Passage


def tell_each(*listeners: Callable[[Passage], None]) -> Callable[[Passage], None]:
    """One listener that tells all of ``listeners``, in their order, on the way of a request."""

    def tell(passage: Passage) -> None:
        for listener in listeners:
            listener(passage)

    return tell


def hot_places(hot: HotCounts) -> Callable[[Passage], None]:
    """A listener that counts who asks where."""

    def note(passage: Passage) -> None:
        hot.note(passage.user_id, place_key(*passage.place))

    return note
