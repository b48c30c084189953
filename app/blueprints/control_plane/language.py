"""The languages of the pages: one catalogue each, with the same keys."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files

from flask import Response, current_app, g, request

LANGUAGES = {"en": "English", "zh": "中文"}
DEFAULT_LANGUAGE = "en"
# As HTML's lang attribute wants it (BCP 47).
LANGUAGE_TAGS = {"en": "en", "zh": "zh-Hans"}
COOKIE = "yoto_language"
COOKIE_SECONDS = 365 * 24 * 3600


def current_language() -> str:
    """What the address asks for, else what was chosen before, else what the browser prefers."""
    for wanted in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if wanted in LANGUAGES:
            return str(wanted)
    return request.accept_languages.best_match(LANGUAGES) or DEFAULT_LANGUAGE


def translate(key: str, **values: object) -> str:
    """The text of ``key`` in the language of this request, with ``values`` put in.

    Raises:
        KeyError: no catalogue has the key.
    """
    if "language" not in g:
        g.language = current_language()
    return catalogue(g.language)[key].format(**values)


@lru_cache
def catalogue(language: str) -> dict[str, str]:
    """All texts of a language."""
    file = files(__package__) / "locale" / f"{language}.json"
    texts: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return texts


def remember_language(response: Response) -> Response:
    """Keep a choice that came with the address."""
    wanted = request.args.get("lang")
    if wanted in LANGUAGES:
        response.set_cookie(
            COOKIE,
            str(wanted),
            max_age=COOKIE_SECONDS,
            path=current_app.config["SESSION_COOKIE_PATH"],
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
    return response
