"""What a handler needs of an item of the queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Item(Protocol):
    """One item; ``payload`` is what was enqueued."""

    @property
    def payload(self) -> Mapping[str, Any]:
        """Names and JSON values."""
