"""Choices that a user made by links on a page, kept in cookies; one is light or dark."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from flask import Response, current_app, request

COOKIE_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Choice:
    """One of ``values``, given by the query parameter and kept in the cookie."""

    parameter: str
    cookie: str
    values: Collection[str]

    def chosen(self) -> str | None:
        """The value in the address, else the one chosen before, else None."""
        for wanted in (request.args.get(self.parameter), request.cookies.get(self.cookie)):
            if wanted in self.values:
                return wanted
        return None

    def remember(self, response: Response, path: str | None = None) -> Response:
        """Keep a choice that came with the address, for the pages below ``path``; by default for
        those of the control plane.
        """
        wanted = request.args.get(self.parameter)
        if wanted in self.values:
            response.set_cookie(
                self.cookie,
                str(wanted),
                max_age=COOKIE_SECONDS,
                path=path or current_app.config["SESSION_COOKIE_PATH"],
                secure=current_app.config["SESSION_COOKIE_SECURE"],
                httponly=True,
                samesite="Lax",
            )
        return response


# The server knows the theme, so that no page flashes in the wrong one.
AUTO = "auto"  # as the system says
THEMES = (AUTO, "light", "dark")
THEME = Choice("theme", "yoto_theme", THEMES)


def current_theme() -> str:
    """One of ``THEMES``."""
    return THEME.chosen() or AUTO
