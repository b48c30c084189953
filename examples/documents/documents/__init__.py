"""Documents in projects in workspaces: who reads and writes which is Yoto's to know."""

import os

from flask import Flask

from . import access, demo, explaining, pages, people, sharing
from .models import db


def create_app() -> Flask:
    app = Flask(__name__)
    app.config |= {
        "SECRET_KEY": os.environ["SECRET_KEY"],
        "SESSION_COOKIE_SAMESITE": "Lax",  # forms of other sites are nobody's
        "SQLALCHEMY_DATABASE_URI": os.environ.get("DATABASE_URL", "sqlite:///documents.db"),
    }
    db.init_app(app)
    people.login_manager.init_app(app)
    access.yoto.init_app(app)
    explaining.init_app(app)
    for blueprint in (people.people, pages.pages, sharing.sharing):
        app.register_blueprint(blueprint)
    app.cli.add_command(demo.demo)
    with app.app_context():
        db.create_all()
    return app
