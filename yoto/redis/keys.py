"""Every Redis key of the platform; hash tags are written here and nowhere else.

A key is ``<prefix>[before:]{tag}[:after...]``. On a cluster the text between the braces alone picks
the slot, so keys that one script touches share one tag. Each value is escaped: user text can
neither close a tag early nor look like two values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias
from urllib.parse import quote

from redis.crc import key_slot

from yoto.settings import SETTINGS

DEFAULT_PREFIX: str = SETTINGS["REDIS_KEY_PREFIX"].default

Part: TypeAlias = str | int
Tag: TypeAlias = Part | tuple[Part, ...]

# Characters that may stand unescaped in a part. Not ':' (it separates parts), '{', '}' (they mark
# the tag), '%' (it marks an escape) and nothing that would need quoting in a log line.
_PLAIN = re.compile(r"[A-Za-z0-9_.\-@/+=~]+")
_QUOTE_SAFE = "@/+=~"


def slot_of(key: str | bytes) -> int:
    """The cluster slot of a key, 0 to 16383: CRC16 of its hash tag (cluster specification)."""
    return key_slot(key.encode() if isinstance(key, str) else key)


def escape(part: Part) -> str:
    """One value as it stands in a key; different values never give the same text.

    Plain names stay readable; anything else is percent-encoded UTF-8. An empty value becomes ``%``,
    which no other value can produce, so that it does not vanish from the key.
    """
    text = part if isinstance(part, str) else str(part)
    if _PLAIN.fullmatch(text):
        return text
    return quote(text, safe=_QUOTE_SAFE, errors="surrogatepass") or "%"


def _join(parts: Iterable[Part]) -> str:
    return ":".join(map(escape, parts))


class KeyBuilder:
    """Builds the keys of one application.

    Every method takes further ``suffix`` parts, for more keys with the same tag.
    """

    def __init__(self, prefix: str = DEFAULT_PREFIX) -> None:
        if "{" in prefix or "}" in prefix:
            raise ValueError("a key prefix must not contain braces: they would pick the slot")
        self.prefix = prefix

    def tagged(self, tag: Tag, *suffix: Part) -> str:
        """``yoto:{tag}:suffix``; a tuple as tag gives ``{a:b}``."""
        return self._key((), tag, suffix)

    def plain(self, *parts: Part) -> str:
        """``yoto:a:b``, a key that shares its slot with no other on purpose."""
        return self.prefix + _join(parts)

    def breaker(self, name: str, *suffix: Part) -> str:
        """State of a circuit breaker: ``yoto:{cb:billing-db}``."""
        return self._key((), ("cb", name), suffix)

    def bulkhead(self, name: str, *suffix: Part) -> str:
        """Holders of a bulkhead: ``yoto:{bh:search}``."""
        return self._key((), ("bh", name), suffix)

    def limiter(self, name: str, dimension: str, value: Part, algorithm: str) -> str:
        """State of one dimension of a limit: ``yoto:{rl:message.send:u:42}:tb``.

        The algorithm is in the key, so that changing it live starts clean.
        """
        return self._key((), ("rl", name, dimension, value), (algorithm,))

    def user_permissions(self, user_id: int, *suffix: Part) -> str:
        """Cached permissions of a user: ``yoto:perm:{u:42}``."""
        if not suffix and type(user_id) is int:
            # Once a cached user, thousands of times in a batch; digits need no escaping.
            return f"{self.prefix}perm:{{u:{user_id}}}"
        return self._key(("perm",), ("u", user_id), suffix)

    def lock(self, key: str, *suffix: Part) -> str:
        """A distributed lock: ``yoto:{lock:key}``."""
        return self._key((), ("lock", key), suffix)

    def lock_listing(self, *suffix: Part) -> str:
        """The locks that processes report to hold: ``yoto:{locks}``."""
        return self._key((), "locks", suffix)

    def fenced(self, name: str) -> str:
        """A value that only the newest holder of its lock may write: ``yoto:{fenced:name}``."""
        return self._key((), ("fenced", name), ())

    def queue(self, name: str, *suffix: Part) -> str:
        """A batch queue: ``yoto:{q:name}``."""
        return self._key((), ("q", name), suffix)

    def hot(self, *suffix: Part) -> str:
        """The most requested entries: ``yoto:{hot}:pairs``."""
        return self._key((), "hot", suffix)

    def event_stream(self, *suffix: Part) -> str:
        """The stream of platform events: ``yoto:{events}``."""
        return self._key((), "events", suffix)

    def invalidation_log(self, *suffix: Part) -> str:
        """The stream whose entry ids are positions: ``yoto:{inv}``."""
        return self._key((), "inv", suffix)

    def invalidation_queue(self, *suffix: Part) -> str:
        """The entries that wait to go into that stream: ``yoto:{inv-queue}``."""
        return self._key((), "inv-queue", suffix)

    def monitor(self, *suffix: Part) -> str:
        """Measurements of all workers: ``yoto:{mon}``."""
        return self._key((), "mon", suffix)

    def behaviour_history(self, user_id: int, *suffix: Part) -> str:
        """The recent actions of a user: ``yoto:{did:42}``."""
        return self._key((), ("did", user_id), suffix)

    def behaviour_log(self, *suffix: Part) -> str:
        """The stream of all users' actions: ``yoto:{deeds}``."""
        return self._key((), "deeds", suffix)

    def _key(self, before: tuple[Part, ...], tag: Tag, after: tuple[Part, ...]) -> str:
        head = _join(before) + ":" if before else ""
        tail = ":" + _join(after) if after else ""
        inner = _join(tag) if isinstance(tag, tuple) else escape(tag)
        return f"{self.prefix}{head}{{{inner}}}{tail}"
