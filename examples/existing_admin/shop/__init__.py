"""A shop: customers order, and administrators see to it by Flask-Admin."""

import os

from flask import Flask

from . import office
from .models import db
from .orders import orders


def create_app() -> Flask:
    app = Flask(__name__)
    app.config |= {
        "SECRET_KEY": os.environ["SECRET_KEY"],
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SQLALCHEMY_DATABASE_URI": os.environ.get("DATABASE_URL", "sqlite:///shop.db"),
    }
    db.init_app(app)
    office.init_app(app)
    app.register_blueprint(orders)
    with app.app_context():
        db.create_all()
    return app
