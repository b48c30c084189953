"""A newsroom: writers and editors sign in by Flask-Security."""

import os

from flask import Flask
from flask_security import Security, SQLAlchemyUserDatastore

from yoto import RateLimitConfig, Yoto, people

from .articles import articles
from .models import Role, User, db


def create_app() -> Flask:
    app = Flask(__name__)
    app.config |= {
        "SECRET_KEY": os.environ["SECRET_KEY"],
        "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False},
        "SECURITY_PASSWORD_SALT": os.environ["PASSWORD_SALT"],
        "SQLALCHEMY_DATABASE_URI": os.environ.get("DATABASE_URL", "sqlite:///newsroom.db"),
    }
    db.init_app(app)
    Security(app, SQLAlchemyUserDatastore(db, User, Role))
    Yoto(
        app,
        db=db,
        users=people(User, name="email", disabled=~User.active),
        permissions=["article.write", "article.publish"],
        guards={"write": {"rate_limit": RateLimitConfig(limit=3, window=60)}},
    )
    app.register_blueprint(articles)
    with app.app_context():
        db.create_all()
    return app
