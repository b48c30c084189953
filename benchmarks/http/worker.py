"""``run.py`` with the views of the benchmark: ``python -m benchmarks.http.worker [--port N ...]``.

With ``--profile PATH`` everything is started as for serving, and the request is repeated in the
server's place.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import run

if TYPE_CHECKING:
    from flask import Flask

# The application with its own configuration.
configured = run.application


def application() -> Flask:
    """The application with the views, which ``run`` serves."""
    from benchmarks.http.counting import CountingWsgi
    from benchmarks.http.views import add_views

    app = configured()
    add_views(app)
    app.wsgi_app = CountingWsgi(app.wsgi_app)  # type: ignore[method-assign]
    return app


def main() -> int:
    """Serve, or profile one request; the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--profile", metavar="PATH")
    parser.add_argument("--token")
    options, others = parser.parse_known_args()

    def looked_into() -> Flask:
        from benchmarks.http.profiling import instead_of_serving

        app = application()
        instead_of_serving(options.profile, options.token)
        return app

    run.application = application if options.profile is None else looked_into
    return run.main(others)


if __name__ == "__main__":
    run.end(main())
