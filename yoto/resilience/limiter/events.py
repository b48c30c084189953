"""Facts about rate limits beside their rejections."""

from __future__ import annotations

from yoto.events import Event, event_type


@event_type("rate_limit.reset")
class RateLimitReset(Event, frozen=True, kw_only=True):
    """A key of a limit was reset; every process forgets its remembered denials.

    Attributes:
        name: the limit. The key is not published: it may be a person's address.
    """

    name: str
