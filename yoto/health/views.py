"""``/livez``, ``/readyz`` and ``/metrics``, for supervisors, load balancers and monitoring."""

from __future__ import annotations

from collections.abc import Sequence
from hmac import compare_digest

from flask import Blueprint, Flask, Response, current_app, jsonify, request

from yoto.auth.access import public
from yoto.auth.operators import bearer_token
from yoto.extensions import fleet, monitor
from yoto.health.checks import CHECKS
from yoto.health.probe import Check, Probe, State, readiness
from yoto.http.problems import problem
from yoto.monitor.backends.prometheus import CONTENT_TYPE

EXTENSION = "yoto.health"
RETRY_SECONDS = 1

health = Blueprint("health", __name__)


def init_health(app: Flask, checks: Sequence[Check] = (), prefix: str | None = None) -> None:
    """Give the application a probe with ``checks``, and the routes below ``prefix``."""
    app.extensions[EXTENSION] = Probe(app, (*CHECKS, *checks))
    app.register_blueprint(health, url_prefix=prefix)


def probe() -> Probe:
    """The probe of the current application."""
    return current_app.extensions[EXTENSION]  # type: ignore[no-any-return]


@health.get("/livez")
@public("whoever supervises the process has no account")
def livez() -> Response:
    """The process responds; nothing else is checked."""
    return jsonify(status=State.OK)


@health.get("/readyz")
@public("whoever balances the load has no account")
def readyz() -> Response:
    """Whether requests can be served: 200, or 503 when a component that they need is not known to
    work, or when an operator asked this worker to drain.

    While requests succeed without some component, the status is ``degraded`` and names it;
    ``?strict`` makes that a failure.
    """
    results = probe().run()
    state = readiness(results)
    serves = state is State.OK or (state is State.DEGRADED and "strict" not in request.args)
    if serves and fleet.current.draining is not None:
        state, serves = State.DRAINING, False
    body: dict[str, object] = {"status": state}
    if state is State.DEGRADED:
        limping = [result for result in results if result.state is not State.OK]
        body["degraded"] = {result.name: result.detail for result in limping}
    elif state is not State.OK:
        failed = [result for result in results if result.state in (State.FAILED, State.UNKNOWN)]
        body["failed"] = {result.name: result.detail for result in failed}
    if "verbose" in request.args:
        body["checks"] = [
            {
                "name": result.name,
                "status": result.state,
                "detail": result.detail,
                "duration_ms": result.duration_ms,
                "at": result.at.isoformat(),
            }
            for result in results
        ]
    answer = jsonify(body)
    if not serves:
        answer.status_code = 503
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


@health.get("/metrics")
@public(
    "Prometheus has no account; sums hold nobody's name; METRICS_TOKEN or the network guards it"
)
def metrics() -> Response:
    """The metrics of all workers of this host, in the text format of Prometheus."""
    expected = current_app.config["METRICS_TOKEN"]
    if expected is not None:
        given = bearer_token()
        if given is None:
            return problem(401, "token-missing", "Metrics need the token of METRICS_TOKEN.")
        fallback = current_app.config["METRICS_TOKEN_FALLBACK"]
        good = [one for one in (expected, fallback) if one is not None]
        if not any(compare_digest(given.encode(), one.encode()) for one in good):
            return problem(401, "token-invalid", "This is not the token of METRICS_TOKEN.")
    return Response(monitor.current.prometheus.render(), content_type=CONTENT_TYPE)
