"""Prints how a process under an event loop fares while its loop stalls, and while its server hangs.

Run as ``python -m tests.contract.redis.loop_process EVENT_LOOP URL TIMEOUT``. A number is how many
calls failed between ``asked`` and then, while the process was stopped for longer than their
time-out and their answers came. The server must be stopped at the lines ``connected`` and
``ready``; a line of input says so. The last line is what a call raised whose server hung, and how
often another greenlet ran meanwhile.
"""

from __future__ import annotations

import sys

CALLERS = 40


def main() -> None:
    event_loop, url, timeout = sys.argv[1:]
    if event_loop == "eventlet":
        import eventlet

        eventlet.monkey_patch()
    else:
        import gevent.monkey

        gevent.monkey.patch_all()
    import threading
    import time
    from functools import partial

    from tests.contract.redis.scripts import EMPTY
    from yoto.errors import StoreUnavailable
    from yoto.redis import RedisConnection, RedisSettings

    connection = RedisConnection(
        RedisSettings(url=url, socket_timeout=float(timeout), connect_timeout=float(timeout))
    )
    connection.scripts.run(EMPTY, ["k"])
    failed = 0

    go = threading.Event()
    connected = threading.Barrier(CALLERS + 1)

    def call(number: int) -> None:
        nonlocal failed
        ask = (
            partial(connection.scripts.run, EMPTY, ["k"])
            if number % 2
            else partial(connection.client.get, "k")
        )
        ask()
        connected.wait()
        go.wait()
        try:
            ask()
        except StoreUnavailable:
            failed += 1

    callers = [threading.Thread(target=call, args=(number,)) for number in range(CALLERS)]
    for caller in callers:
        caller.start()
    connected.wait()
    print("connected", flush=True)
    sys.stdin.readline()
    go.set()
    time.sleep(connection.settings.socket_timeout / 6)
    print("asked", flush=True)
    for caller in callers:
        caller.join()
    print(failed, flush=True)
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
