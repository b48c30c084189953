"""``flask cache``: look at cached verdicts, throw them away, and bring the hot ones in."""

from yoto.cli.cache import invalidating, warming
from yoto.cli.cache.group import cache
from yoto.cli.operations import group_of
from yoto.operate.queues import queues

# The strategy by which queued invalidations are published.
cache.add_command(group_of(queues).commands["strategy"])

__all__ = ["cache", "invalidating", "warming"]
