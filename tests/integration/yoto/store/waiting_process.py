"""Prints for how long nothing else ran, in seconds, while a statement of PostgreSQL slept.

Run as ``python -m tests.integration.yoto.store.waiting_process EVENT_LOOP DRIVER OWNER URL``; the
engine belongs to the ``platform``, or to an application (``guest``) that the platform works with.
"""

from __future__ import annotations

import sys

SLEEPS = 0.6  # s


def main() -> None:
    event_loop, driver, owner, url = sys.argv[1:]
    if event_loop == "eventlet":
        import eventlet

        eventlet.monkey_patch()
    else:
        import gevent.monkey

        gevent.monkey.patch_all()
    import threading
    import time

    import sqlalchemy as sa
    from flask import Flask
    from sqlalchemy.orm import scoped_session, sessionmaker

    from yoto.store.db import engine_options, init_store

    if driver == "psycopg2" and event_loop == "gevent":
        _have_psycopg2_wait()
    address = sa.make_url(url).set(drivername=f"postgresql+{driver}")
    own = owner == "platform"
    engine = sa.create_engine(address, **(engine_options(address, 2) if own else {}))
    init_store(Flask("waiting"), scoped_session(sessionmaker(engine)), lambda: engine, own=own)
    longest, over = 0.0, threading.Event()

    def look() -> None:
        nonlocal longest
        before = time.monotonic()
        while not over.is_set():
            time.sleep(0.005)
            now = time.monotonic()
            longest, before = max(longest, now - before), now

    with engine.connect() as connection:
        connection.scalar(sa.text("SELECT 1"))
        looking = threading.Thread(target=look)
        looking.start()
        time.sleep(0.05)
        began = time.monotonic()
        connection.execute(sa.text(f"SELECT pg_sleep({SLEEPS})"))
        slept = time.monotonic() - began
    over.set()
    looking.join()
    assert slept >= SLEEPS
    print(longest)


def _have_psycopg2_wait() -> None:
    """The wait callback that an application with gevent sets, as in psycopg2's own guide."""
    import gevent.socket
    from psycopg2 import extensions

    def wait(connection: extensions.connection) -> None:
        while (state := connection.poll()) != extensions.POLL_OK:
            wait_for = (
                gevent.socket.wait_read
                if state == extensions.POLL_READ
                else gevent.socket.wait_write
            )
            wait_for(connection.fileno())

    extensions.set_wait_callback(wait)


if __name__ == "__main__":
    main()
