"""A process whose guard is asked by lines: ``N`` asks so often and answers how many passed.

Arguments: the address of Redis, the instance folder. It says ``ready``, with the instances that it
knows of, once its first heartbeat was answered or refused.
"""

from __future__ import annotations

import os
import sys

if os.environ.get("YOTO_TEST_ASYNC_MODE") == "eventlet":
    import eventlet

    eventlet.monkey_patch()

from flask import Flask  # noqa: E402

from yoto import Yoto  # noqa: E402
from yoto.resilience import RateLimitConfig, get_resilience_controller  # noqa: E402

LIMIT = RateLimitConfig(algorithm="sliding_log", limit=100, window=600)


def main(url: str, folder: str) -> None:
    app = Flask("shop", instance_path=folder)
    app.config.update(YOTO_REDIS_URL=url, YOTO_REDIS_SOCKET_TIMEOUT=1.0)
    Yoto(app, guards={"buy": {"rate_limit": LIMIT}})
    with app.app_context():
        controller = get_resilience_controller()
        limiter = controller.rate_limiter("buy")
        controller.instances.announce()
        print("ready", controller.instances.count(), flush=True)
        for line in sys.stdin:
            controller.instances.announce()
            print(sum(limiter.hit("k").allowed for _ in range(int(line))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
