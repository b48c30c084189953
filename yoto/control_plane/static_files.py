"""The routes of ``yoto.control_plane.assets``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, abort, current_app, request, url_for
from werkzeug.routing import BaseConverter

from yoto.control_plane.assets import VERSION_LENGTH, Assets
from yoto.control_plane.navigation import CONTROL
from yoto.errors import ConfigurationError
from yoto.http.compression import accepts_gzip
from yoto.room import rooms_of

FOLDER = Path(__file__).parent / "static"
EXTENSION_KEY = "yoto.assets"
VERSION = f"[0-9a-f]{{{VERSION_LENGTH}}}"
FOR_EVER = "public, max-age=31536000, immutable"
ASKED_AGAIN = "no-cache"

# Under ``/static`` like the application's own files, so that no page's address can collide.
static = Blueprint("control_static", __name__, url_prefix="/static")


class _VersionConverter(BaseConverter):
    regex = VERSION


def init_static(app: Flask, folders: Mapping[str, Path]) -> None:
    """Serve the files of the pages, those of the rooms, and ``folders``, by name, beside them."""
    own = {CONTROL: FOLDER} | {one.name: one.folder / "page" for one in rooms_of(app)}
    if taken := own.keys() & folders.keys():
        raise ConfigurationError("static", f"{min(taken)!r} is a folder of the platform's own")
    # Templates of rooms' pages are beside their files.
    but = dict.fromkeys((one.name for one in rooms_of(app)), ".html")
    app.extensions[EXTENSION_KEY] = Assets(own | dict(folders), but)
    app.url_map.converters["assets_version"] = _VersionConverter
    app.register_blueprint(static)


def _current_version(endpoint: str, values: dict[str, Any]) -> None:
    """Put the present version into each address that is made."""
    values.setdefault("folder", CONTROL)
    values.setdefault("version", _assets().snapshot().version)


def modules_of(own: Iterable[tuple[str, str]]) -> list[str]:
    """Addresses of all modules of a page of the control plane, without what loads on demand.

    Args:
        own: folders and paths of those that only this page has.
    """
    now = _assets().snapshot()
    return [
        url_for("control_static.static", folder=folder, filename=path)
        for folder, path in now.imports((CONTROL, "shell.js"), *own)
    ]


@static.get("/<assets_version:version>/<folder>/<path:filename>", endpoint="static")
@static.get("/control/<path:filename>", endpoint="static", defaults={"folder": CONTROL})
def serve(folder: str, filename: str, version: str | None = None) -> Response:
    """A file, cacheable for ever if its address names the present version."""
    now = _assets().snapshot()
    found = now.files.get((folder, filename))
    if found is None:
        abort(404)
    body, etag = found.content, found.digest
    packed = found.compressed if accepts_gzip(request) else None
    if packed is not None:
        body, etag = packed, f"{etag}-gzip"
    answer = Response(body, mimetype=found.mimetype)
    if packed is not None:
        answer.headers["Content-Encoding"] = "gzip"
    if found.compressed is not None:
        answer.vary.add("Accept-Encoding")
    answer.headers["Cache-Control"] = FOR_EVER if version == now.version else ASKED_AGAIN
    answer.set_etag(etag)
    return answer.make_conditional(request)  # type: ignore[return-value]


@static.after_request
def _not_kept(answer: Response) -> Response:
    """Forbid caching of a missing file, which may come with the next version."""
    if answer.status_code >= 400:
        answer.headers["Cache-Control"] = ASKED_AGAIN
    return answer


def _assets() -> Assets:
    found: Assets = current_app.extensions[EXTENSION_KEY]
    return found


static.url_defaults(_current_version)
