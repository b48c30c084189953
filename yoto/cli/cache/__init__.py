"""``flask cache``: inspect cached verdicts, invalidate them, and load hot ones."""

from yoto.cli.cache import invalidating, warming
from yoto.cli.cache.group import cache
from yoto.cli.operations import group_of
from yoto.operate.queues import queues

# The command for the strategy by which queued invalidations are published.
cache.add_command(group_of(queues).commands["strategy"])

__all__ = ["cache", "invalidating", "warming"]
