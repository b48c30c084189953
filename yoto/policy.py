"""The place where the requirements have the names of policies, which are a room."""

from __future__ import annotations

from yoto.lazy import exports

__getattr__ = exports(
    __name__,
    {
        "PolicyChecker": "yoto.rooms.policies.checking.checker",
        "PolicyEnvironment": "yoto.rooms.policies.checking.facts",
    },
    rest="yoto.rooms.policies.judging",
)
