"""A shop that a WSGI server imports: gunicorn --workers 2 --preload shop:app"""

import os

from flask import Flask

from yoto import RateLimitConfig, Yoto, rate_limit

app = Flask(__name__)
Yoto(app, guards={"search": {"rate_limit": RateLimitConfig(limit=5, window=60)}})


@app.get("/search")
@rate_limit("search")
def search() -> dict[str, int]:
    return {"worker": os.getpid()}
