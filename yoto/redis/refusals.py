"""Error replies: a mistake of the caller, or a server that responds and cannot do its work now.

The first is a bug, and raised unchanged. The second is as good as no response: out of memory,
too few replicas, a disk that cannot be written, a user without the right, data that is being
loaded.
"""

from __future__ import annotations

from redis import exceptions

from yoto.errors import PlatformError, StoreUnavailable

# A call to Redis failed. An error reply (out of memory, read only) is as good as no reply: the
# caller does without it, counted and logged.
REDIS_UNAVAILABLE = (StoreUnavailable, exceptions.RedisError)
# Background work tries again after these, sockets of its own included; anything else is a fault,
# logged with its traceback.
EXPECTED_FAILURES = (PlatformError, exceptions.RedisError, OSError)

# Error codes of a call that would be wrong tomorrow too. All other codes, and those that servers
# have yet to invent, are the server's own trouble.
_MISTAKES = frozenset(
    ("ERR", "WRONGTYPE", "CROSSSLOT", "NOSCRIPT", "NOGROUP", "BUSYGROUP", "BUSYKEY", "EXECABORT")
)
# The first words of the error by Redis 7.0 and Valkey to a script whose user lacks a permission.
_NOT_PERMITTED = ("The user executing the script can't", "ACL failure in script")

# For these redis-py's cluster client goes elsewhere or waits; it must see them.
ROUTING = (exceptions.AskError, exceptions.TryAgainError, exceptions.ClusterDownError)


def refusal_code(error: BaseException | None) -> str | None:
    """The code of a server's response that it cannot do this now, such as ``"OOM"``.

    None for a call that was wrong, and for anything that is no error reply.
    """
    if not isinstance(error, (exceptions.ResponseError, exceptions.BusyLoadingError)):
        return None
    text = str(error)
    code = error.status_code or text.partition(" ")[0]
    if code not in _MISTAKES:
        return code
    return "NOPERM" if text.removeprefix("ERR ").startswith(_NOT_PERMITTED) else None
