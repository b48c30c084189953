"""The server's error messages, in the reader's language.

The code has each message in English, where the error is raised. A catalogue has such sentences as
templates, ``must be from {low} to {high} {unit}``, with their translations. A message that fits no
template stays English: programs read ``type`` and the fields, never the texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from flask import Flask, Response

from yoto.control_plane.language import DEFAULT_LANGUAGE, LANGUAGE_TAGS, current_language
from yoto.http.wsgi import MEDIA_TYPE, TYPE_PREFIX

PLACEHOLDER = re.compile(r"\{(\w+)\}")
# Values of these names are sentences, or words, of the catalogue themselves.
INNER = ("error", "type", "unit")
BETWEEN = "; "


def init_messages(app: Flask) -> None:
    """Translate the platform's problems into the language of the page, or of
    ``Accept-Language``."""
    app.after_request(_in_language_of_reader)


def translated(text: str, language: str, depth: int = 2) -> str:
    """``text`` in ``language``; unchanged if no template of the catalogue fits it.

    Args:
        depth: levels of nested sentences that are translated, too.
    """
    for pattern, translation in _templates(language):
        found = pattern.fullmatch(text)
        if found is None:
            continue
        values = {
            name: translated(value, language, depth - 1) if name in INNER and depth else value
            for name, value in found.groupdict().items()
        }
        # An inner sentence must be in the catalogue, too; otherwise half of the text stays English.
        if "error" not in values or values["error"] != found["error"]:
            return translation.format_map(values)
    return text


def translated_problem(problem: Mapping[str, Any], language: str) -> dict[str, Any]:
    """A problem (RFC 9457) with ``detail`` and ``errors`` in ``language``."""
    said = dict(problem)
    errors = problem.get("errors")
    if isinstance(errors, Mapping):
        found = {
            field: [translated(str(text), language) for text in texts]
            for field, texts in errors.items()
        }
        said["errors"] = found
        said["detail"] = BETWEEN.join(f"{field}: {', '.join(of)}" for field, of in found.items())
    else:
        said["detail"] = translated(str(problem.get("detail", "")), language)
    return said


def _in_language_of_reader(response: Response) -> Response:
    if response.status_code < 400 or response.mimetype != MEDIA_TYPE or response.is_streamed:
        return response
    response.vary.add("Accept-Language")
    language = current_language()
    if language == DEFAULT_LANGUAGE:
        return response
    problem = json.loads(response.get_data())
    # The application translates its own problems.
    if str(problem.get("type", "")).startswith(TYPE_PREFIX):
        response.set_data(json.dumps(translated_problem(problem, language)))
        response.content_language.add(LANGUAGE_TAGS[language])
    return response


@lru_cache
def catalogue(language: str) -> dict[str, str]:
    """Templates of a language, by their English forms; empty for English."""
    if language == DEFAULT_LANGUAGE:
        return {}
    file = files(__package__) / f"{language}.json"
    found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return found


@lru_cache
def _templates(language: str) -> list[tuple[re.Pattern[str], str]]:
    """Templates with the most text come first, since ``must be {what}`` would fit many others'
    texts. Before them come those that follow a whole sentence."""
    found = sorted(
        catalogue(language).items(),
        key=lambda one: (not one[0].startswith("{error}"), -len(PLACEHOLDER.sub("", one[0]))),
    )
    return [(_pattern(template), translation) for template, translation in found]


def _pattern(template: str) -> re.Pattern[str]:
    parts = PLACEHOLDER.split(template)
    # Texts and names alternate.
    return re.compile(
        "".join(f"(?P<{part}>.+?)" if at % 2 else re.escape(part) for at, part in enumerate(parts)),
        re.DOTALL,
    )
