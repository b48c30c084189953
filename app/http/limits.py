"""What rate limits said in a request, in the headers of its answer."""

from __future__ import annotations

from flask import Flask, Response

from app.core.resilience import noted_limits, rate_limit_headers


def init_limits(app: Flask) -> None:
    """Tell in every answer what is left, whether the request was let in or not."""
    app.after_request(_tell)


def _tell(response: Response) -> Response:
    response.headers.update(rate_limit_headers(noted_limits()))
    return response
