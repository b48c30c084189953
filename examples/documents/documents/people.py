"""Signing in."""

import uuid

from flask import Blueprint, redirect, render_template, request, url_for
from flask_login import LoginManager, login_user, logout_user
from werkzeug.security import check_password_hash
from werkzeug.wrappers import Response

from .models import Person, db

people = Blueprint("people", __name__)
login_manager = LoginManager()
login_manager.login_view = "people.sign_in"
login_manager.login_message = None


@login_manager.user_loader
def load(person_id: str) -> Person | None:
    return db.session.get(Person, uuid.UUID(person_id))


@people.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> str | Response:
    if request.method == "GET":
        return render_template("sign_in.html")
    found = db.session.scalar(db.select(Person).filter_by(name=request.form["name"]))
    if found is None or not check_password_hash(found.password, request.form["password"]):
        return render_template("sign_in.html", wrong=True)
    login_user(found)
    wanted = request.args.get("next", "")
    here = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return redirect(wanted if here else url_for("pages.index"), 303)


@people.post("/sign-out")
def sign_out() -> Response:
    logout_user()
    return redirect(url_for("pages.index"), 303)
