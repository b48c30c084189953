"""Limits of one client, one account and one worker. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable

from yoto.errors import RateLimited
from yoto.message_bucket import MessageBucket

# Connections of one account: some pages on some screens; a program needs one.
OF_USER = 20
# Connections of one worker.
OF_WORKER = 500
# Messages a second of one client, and messages at once. A page sends some when it opens.
RATE = 10.0
BURST = 20.0
# Messages in a row beyond the rate, after which a client is disconnected.
PATIENCE = 100
# Bytes of one message, as JSON. All topics and 50 types fit; beyond 64 KiB the connection ends.
MESSAGE_BYTES = 8 * 1024
# Packets that may wait for a client. At 50 events a second it may stop reading for 20 s.
QUEUE_MAX = 1_000
# Packets below which replay goes on.
QUEUE_LOW = 200


class ClientPace(MessageBucket):
    """The rate limit of one client's messages.

    Attributes:
        refused: number of messages in a row that came too fast.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(RATE, BURST, clock)
        self.refused = 0

    def admit(self) -> None:
        """Admit one message.

        Raises:
            RateLimited: it came too fast.
        """
        wait = self.take()
        if wait:
            self.refused += 1
            raise RateLimited(
                limit=round(self.rate),
                remaining=0,
                reset=self.full_in,
                retry_after=wait,
                name="control socket",
                dimension="connection",
            )
        self.refused = 0
