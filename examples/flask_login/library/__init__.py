"""A library: members sign in, and borrow books."""

import os

from flask import Flask

from yoto import RateLimitConfig, Yoto, people

from . import db, desk, members


def create_app() -> Flask:
    app = Flask(__name__)
    app.secret_key = os.environ["SECRET_KEY"]
    db.connect(app, os.environ.get("DATABASE_URL", "sqlite:///library.db"))
    members.login_manager.init_app(app)
    Yoto(
        app,
        db=db.session,
        users=people(members.Member, name="email", disabled="barred"),
        permissions=["fine.waive", "member.bar"],
        guards={"books": {"rate_limit": RateLimitConfig(limit=5, window=60)}},
    )
    app.cli.add_command(members.join)
    app.register_blueprint(members.members)
    app.register_blueprint(desk.desk)
    return app
