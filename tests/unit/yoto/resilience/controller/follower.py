"""A process that prints each value of a bulkhead's limit that comes into force, and when.

Arguments: the address of Redis, and ``deaf`` for a process that misses every event.
"""

from __future__ import annotations

import os
import sys
import time

if os.environ.get("YOTO_TEST_ASYNC_MODE") == "eventlet":
    import eventlet

    eventlet.monkey_patch()

from tests.support.resilience import controller_of, guarded_app  # noqa: E402
from yoto.events import Events  # noqa: E402
from yoto.resilience import BulkheadConfig, Kind  # noqa: E402

LIFETIME = 180.0  # s, in case the test that started this is gone


def main(url: str, mode: str) -> None:
    with guarded_app({"REDIS_URL": url}) as app:
        read = controller_of(app).config.reader(Kind.BULKHEAD, "thing", BulkheadConfig)
        if mode == "deaf":
            Events.of(app).tailer.stop()
        last, end = None, time.monotonic() + LIFETIME
        while time.monotonic() < end:
            limit = read().max_concurrent
            if limit != last:
                last = limit
                print(limit, time.time(), flush=True)
            time.sleep(0.005)


if __name__ == "__main__":
    main(*sys.argv[1:])
