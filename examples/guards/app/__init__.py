"""A bookshop: a factory, and a blueprint with its views."""

from flask import Flask

from yoto import RateLimitConfig, Yoto

from .books import books

yoto = Yoto(guards={"search": {"rate_limit": RateLimitConfig(limit=5, window=60)}})


def create_app() -> Flask:
    app = Flask(__name__)
    yoto.init_app(app)
    app.register_blueprint(books)
    return app
