"""The pages under ``/control/``: those of the navigation, of one thing each, and the status."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app, json, redirect, render_template
from flask.blueprints import BlueprintSetupState
from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader
from werkzeug.exceptions import NotFound, Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from yoto.auth.operators import CONTROL_PREFIX, RIGHTS, VIEW, may, operator, right
from yoto.control_plane import destination, language, shell
from yoto.control_plane.choice import THEME
from yoto.control_plane.messages import init_messages, translated_problem
from yoto.control_plane.navigation import Page, details_of, pages_of
from yoto.control_plane.routes import CONTROL_REST
from yoto.control_plane.runbook import read_runbook
from yoto.control_plane.socket import init_control_socket
from yoto.control_plane.static_files import init_static
from yoto.control_plane.status import init_process, read_status
from yoto.errors import PermissionDenied
from yoto.http.api import add_api
from yoto.http.application import Application
from yoto.http.compression import compress
from yoto.http.control_api import CONTROL_API_PREFIX, SCHEMES
from yoto.http.database_problems import problem_of
from yoto.http.declared import as_blueprint
from yoto.monitor.links import Links
from yoto.operate.application import EXTENSION_KEY, ControlPlane, of_application
from yoto.operate.live.views import init_live
from yoto.room import of_rooms, rooms_of
from yoto.settings import read

DOCUMENT = "control-api-docs"  # the name that flask-smorest makes
control = Blueprint("control", __name__, url_prefix=CONTROL_PREFIX, template_folder="templates")


def init_control(app: Application, plane: ControlPlane) -> None:
    """Give ``app`` its control plane: pages, JSON routes, and the sockets' namespace.

    Without Socket.IO the pages poll.
    """
    app.extensions[EXTENSION_KEY] = plane
    init_process(app)
    init_live(app, app.config["SOCKETS_MAX"])
    routes = (*CONTROL_REST, *map(as_blueprint, of_rooms(app, lambda one: one.acts)), *plane.routes)
    add_api(
        app,
        routes,
        "CONTROL_",
        "Yoto control plane API",
        "What operators see and do: the same as on the pages and in `flask`.",
        CONTROL_API_PREFIX,
        SCHEMES,
    )
    init_static(app, plane.static)
    templates = {one.name: FileSystemLoader(one.folder / "page") for one in rooms_of(app)}
    loaders = [app.jinja_loader, PrefixLoader({"rooms": PrefixLoader(templates)})]
    app.jinja_loader = ChoiceLoader([one for one in loaders if one is not None])
    app.register_blueprint(control)
    init_messages(app)
    for name in (DOCUMENT, *(blueprint.name for blueprint in routes)):
        app.after_request_funcs.setdefault(name, []).append(compress)
    if "socketio" in app.extensions:
        init_control_socket(app)


def as_pages(blueprint: Blueprint) -> None:
    """Give the pages of ``blueprint`` the looks and the error pages of all others."""
    blueprint.register_error_handler(Unauthorized, _to_sign_in)
    blueprint.register_error_handler(Exception, _show_problem)
    blueprint.context_processor(shell.helpers)
    blueprint.after_request(_keep_choices)
    blueprint.after_request(compress)


def as_page(answer: Response, page: str) -> Response:
    """A page for people with the status and headers of a problem."""
    answer.set_data(page)
    answer.mimetype = "text/html"
    return answer


def _view(page: Page) -> Callable[..., str]:
    """A page. Its data comes from ``/control/api``, also the error for an unknown thing."""

    @right(page.right)
    def view(**_: str) -> str:
        return render_template(page.template, page=page, **signed_in_as())

    return view


def _add(state: BlueprintSetupState) -> None:
    """Serve the pages that the application has."""
    rooms = rooms_of(state.app)  # type: ignore[arg-type]
    for page in (*pages_of(rooms), *details_of(rooms)):
        state.add_url_rule(page.path, page.key, _view(page), methods=["GET"])


control.record(_add)


@control.get("/status")
@right(VIEW)
def status() -> str:
    """The status of this worker and its environment; needs no script."""
    found = read_status()
    # A component that a rule is about has the rule's name.
    links = read(Links, current_app.config)
    runbooks = {one.name: links.runbook(one.name) for one in found.components}
    return render_template("control/status.html", status=found, runbooks=runbooks, **signed_in_as())


@control.get("/runbooks/<rule>")
@right(VIEW)
def runbook(rule: str) -> str:
    """The runbook for alerts of one of the platform's rules."""
    found = read_runbook(rule, language.current_language())
    if found is None:
        raise NotFound(f"There is no runbook for '{rule}'.")
    return render_template("control/runbook.html", runbook=found, **signed_in_as())


def signed_in_as() -> dict[str, Any]:
    """The viewer of a page, their rights, and the pages that they may open.

    The break-glass token has no account.
    """
    user = of_application().person(operator())
    rights = [name for name in RIGHTS if may(name)]
    return {"signed_in": True, "user": user, "rights": rights, "pages": shell.reachable(rights)}


def _to_sign_in(error: Unauthorized) -> AnyResponse:
    """Redirect to the sign-in, since no operator is signed in (any more)."""
    address = destination.sign_in_address()
    return _show_problem(error) if address is None else redirect(address, 303)


def _show_problem(error: Exception) -> Response:
    """The problem that the API would return, as a page."""
    answer = problem_of(error)
    facts = translated_problem(json.loads(answer.get_data()), language.current_language())
    denied = isinstance(error, PermissionDenied)
    page = render_template("control/problem.html", problem=facts, denied=denied)
    return as_page(answer, page)


def _keep_choices(response: Response) -> Response:
    """Keep a chosen language or theme, and whether the first steps are hidden."""
    return shell.FIRST_STEPS.remember(THEME.remember(language.CHOICE.remember(response)))


as_pages(control)
