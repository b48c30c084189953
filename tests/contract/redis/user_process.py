"""A process that uses an embedded server, steered by lines on its standard input.

Run as ``python -m tests.contract.redis.user_process FOLDER [EVENT_LOOP]``. Answers each line with a
line: ``count`` adds one to a counter, ``fork`` leaves a child that goes on answering in its place.
"""

from __future__ import annotations

import os
import signal
import sys


def main() -> None:
    folder, *event_loop = sys.argv[1:]
    # A shell that starts the tests in the background has SIGINT ignored, which is inherited.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if event_loop == ["eventlet"]:
        import eventlet

        eventlet.monkey_patch()
    if event_loop == ["gevent"]:
        import gevent.monkey

        gevent.monkey.patch_all()
    from pathlib import Path

    from tests.contract.redis.scripts import COUNT
    from yoto.redis import RedisConnection, RedisSettings

    connection = RedisConnection(RedisSettings(embedded_dir=Path(folder)))
    for line in sys.stdin:
        match line.strip():
            case "count":
                print(connection.scripts.run(COUNT, ["counter"]), flush=True)
            case "server":
                print(connection.client.info("server")["process_id"], flush=True)
            case "fork":
                if os.fork():
                    os._exit(0)
                print("forked", flush=True)
            case "close":
                connection.close()
                print("closed", flush=True)


if __name__ == "__main__":
    main()
