"""Errors of access requests."""

from __future__ import annotations

from yoto.errors import PlatformError


class AccessRequestClosed(PlatformError):
    """An access request is in another state by now; nothing was changed.

    Attributes:
        state: which: ``open``, ``granted``, ``refused``, ``withdrawn``, ``lapsed`` or ``ended``.
    """

    def __init__(self, state: str) -> None:
        super().__init__(f"the request is {state} by now")
        self.state = state
