"""A shop for a WSGI server, which says how many calls one of its workers admits at once."""

from __future__ import annotations

import os

from flask import Flask

from yoto import RateLimitConfig, Yoto
from yoto.resilience import get_resilience_controller

LIMIT = RateLimitConfig(algorithm="sliding_log", limit=12, window=1)

app = Flask("shop", instance_path=os.environ["SHOP_FOLDER"])
Yoto(app, guards={"buy": {"rate_limit": LIMIT}})


@app.get("/admitted")
def admitted() -> dict[str, int]:
    """How many of 20 calls pass."""
    limiter = get_resilience_controller().rate_limiter("buy")
    return {"admitted": sum(limiter.hit("k").allowed for _ in range(20))}
