"""The page with the form by which operators sign in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, redirect, render_template
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from yoto.auth.operators import operator
from yoto.control_plane import destination, language
from yoto.control_plane.pages import as_page
from yoto.errors import Rejected
from yoto.http.database_problems import problem_of

# The field that each error text is about. When a name and a password were refused together, the
# password, which is invisible, is more likely mistyped, and the name stays.
_WRONG = {
    "sign_in.failed": "password",
    "sign_in.no_right": "username",
    "sign_in.glass_failed": "glass",
}


@dataclass(frozen=True, slots=True)
class SignInForm:
    """A sign-in page, which leads on to the wanted page.

    Attributes:
        template: one that extends ``control/sign_in.html``, or that itself.
        endpoint: the target of the form.
        facts: further values for the template.
    """

    template: str
    endpoint: str
    facts: Callable[[], dict[str, Any]] = dict

    def open(self) -> str | AnyResponse:
        """The page; an operator who is signed in already goes on to the wanted one."""
        try:
            operator()
        except Unauthorized:
            return self.page()
        return redirect(destination.wanted(), 303)

    def page(self, **values: Any) -> str:
        """The page; ``values`` are the template's."""
        action = destination.leading_on(self.endpoint)
        return render_template(self.template, action=action, **self.facts(), **values)

    def again(self, message: str, status_code: int, **values: Any) -> tuple[str, int]:
        """The page with the reason why it is shown again, and the cursor in the wrong field.

        Args:
            message: the key of a text.
        """
        wrong = _WRONG.get(message, "")
        text = language.translate(message)
        return self.page(message=text, wrong_field=wrong, **values), status_code

    def later(self, error: Rejected) -> Response:
        """The page for a caller who must wait."""
        text = language.translate("sign_in.wait", wait=language.wait(error.retry_after))
        return as_page(problem_of(error), self.page(message=text))
