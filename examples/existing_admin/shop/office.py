"""Where administrators sign in, and what they see then."""

import click
from flask import Blueprint, Flask, redirect, render_template_string, request, url_for
from flask_admin import Admin, AdminIndexView
from flask_admin.contrib.sqla import ModelView
from flask_login import LoginManager, current_user, login_user
from werkzeug.security import check_password_hash, generate_password_hash
from werkzeug.wrappers import Response

from yoto import Yoto, people

from .models import Administrator, Order, db

office = Blueprint("office", __name__, cli_group=None)
login_manager = LoginManager()
login_manager.login_view = "office.sign_in"
FORM = """<form method="post">
{% if wrong %}<p>That is not right.</p>{% endif %}
<input name="email"> <input name="password" type="password"> <button>Sign in</button>
</form>"""
RIGHTS = {"owner": "admin", "support": "view"}


@login_manager.user_loader
def load(number: str) -> Administrator | None:
    return db.session.get(Administrator, int(number))


def right() -> str | None:
    return RIGHTS.get(current_user.duty) if current_user.is_authenticated else None


@office.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> str | Response:
    if request.method == "GET":
        return render_template_string(FORM)
    found = db.session.scalar(db.select(Administrator).filter_by(email=request.form["email"]))
    if found is None or not check_password_hash(found.password, request.form["password"]):
        return render_template_string(FORM, wrong=True)
    login_user(found)
    wanted = request.args.get("next", "")
    here = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return redirect(wanted if here else url_for("admin.index"), 303)


@office.cli.command()
@click.argument("email")
@click.argument("duty")
@click.password_option()
def hire(email: str, duty: str, password: str) -> None:
    """Make EMAIL an administrator with a DUTY: owner, support or packer."""
    hashed = generate_password_hash(password)
    db.session.add(Administrator(email=email, password=hashed, duty=duty))
    db.session.commit()


class Guarded:
    def is_accessible(self) -> bool:
        return current_user.is_authenticated

    def inaccessible_callback(self, name: str, **values: object) -> Response:
        return login_manager.unauthorized()


class Index(Guarded, AdminIndexView):
    pass


class Records(Guarded, ModelView):
    column_exclude_list = ["password"]
    form_excluded_columns = ["password"]


def init_app(app: Flask) -> None:
    login_manager.init_app(app)
    Yoto(app, db=db, users=people(Administrator, name="email"), control_plane=True, operators=right)
    app.register_blueprint(office)
    admin = Admin(app, name="Shop", index_view=Index())
    admin.add_view(Records(Order, db))
    admin.add_view(Records(Administrator, db))
