"""Prints how a process under an event loop fares while its server hangs.

Run as ``python -m tests.contract.redis.loop_process EVENT_LOOP URL``. The server must be stopped
when the line ``ready`` has been printed; the next line is what the hanging call raised, and how
often another greenlet ran meanwhile.
"""

from __future__ import annotations

import sys


def main() -> None:
    event_loop, url = sys.argv[1:]
    if event_loop == "eventlet":
        import eventlet

        eventlet.monkey_patch()
    else:
        import gevent.monkey

        gevent.monkey.patch_all()
    import threading
    import time

    from app.core.errors import StoreUnavailable
    from app.core.redis import RedisConnection, RedisSettings
    from tests.contract.redis.scripts import EMPTY

    connection = RedisConnection(RedisSettings(url=url))
    connection.scripts.run(EMPTY, ["k"])
    print("ready", flush=True)
    sys.stdin.readline()
    ticks = 0
    done = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.005)

    ticker = threading.Thread(target=tick)
    ticker.start()
    outcome = "no error"
    try:
        connection.scripts.run(EMPTY, ["k"])
    except StoreUnavailable:
        outcome = "StoreUnavailable"
    done.set()
    ticker.join()
    print(outcome, ticks, flush=True)


if __name__ == "__main__":
    main()
