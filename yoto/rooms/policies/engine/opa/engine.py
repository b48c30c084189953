"""Rego on an OPA server, over its REST API."""

from __future__ import annotations

import logging
import secrets
import threading
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from time import monotonic, perf_counter
from typing import Any

import msgspec

from yoto.errors import CircuitOpen, PlatformError, PolicyError, PolicyUnavailable
from yoto.resilience import CircuitBreaker, Classifier
from yoto.rooms.policies.bundle import Bundle
from yoto.rooms.policies.engine.admission import admit, rego_tests, run_rego_tests
from yoto.rooms.policies.engine.opa.layout import ANSWER, Layout, evaluation_error, layout_of
from yoto.rooms.policies.engine.opa.pushing import Refill, push, remove
from yoto.rooms.policies.engine.opa.wire import Answer, BadAnswer, Deadline, OpaSettings, Wire
from yoto.rooms.policies.engine.protocol import (
    EngineHealth,
    EngineName,
    LibraryName,
    TestReport,
    record_of,
)
from yoto.rooms.policies.partial import Topic
from yoto.rooms.policies.rego.heads import reads_of
from yoto.rooms.policies.rego.tokens import tokenize
from yoto.rooms.policies.result import UNDEFINED, Verdict, read_verdict
from yoto.rooms.policies.sources import EVERY_FORM, FORBIDDEN, HARMFUL

log = logging.getLogger(__name__)

# The additional builtins that an OPA server is given: OPA is the engine that others follow.
#
# They are listed and not taken from the server, so that a new one of a later OPA stays out until it
# was looked at. Left out are those that ``policies.sources`` calls harmful; signatures and keys,
# which are made by chance (``io.jwt.encode_sign``, ``providers.aws.sign_req``); templates
# (``strings.render_template``), whose loops have no end that a server could set; ``rego.metadata``,
# since policies stand at another place on the server; and the operators by their names.
_ALONE = frozenset("""
    array.flatten crypto.hmac.equal crypto.hmac.md5 crypto.hmac.sha1 crypto.hmac.sha256
    crypto.hmac.sha512 crypto.md5 crypto.parse_private_keys crypto.sha1 crypto.sha256
    crypto.x509.parse_and_verify_certificates
    crypto.x509.parse_and_verify_certificates_with_options crypto.x509.parse_certificate_request
    crypto.x509.parse_certificates crypto.x509.parse_keypair crypto.x509.parse_rsa_private_key
    graphql.is_valid graphql.parse graphql.parse_and_verify graphql.parse_query graphql.parse_schema
    graphql.schema_is_valid io.jwt.decode io.jwt.decode_verify io.jwt.verify_eddsa
    io.jwt.verify_es256 io.jwt.verify_es384 io.jwt.verify_es512 io.jwt.verify_hs256
    io.jwt.verify_hs384 io.jwt.verify_hs512 io.jwt.verify_ps256 io.jwt.verify_ps384
    io.jwt.verify_ps512 io.jwt.verify_rs256 io.jwt.verify_rs384 io.jwt.verify_rs512 json.patch
    net.cidr_contains_matches net.cidr_intersects net.cidr_merge regex.globs_match
    rego.parse_module strings.split_n uri.is_valid uri.parse
    """.split())
EXACT = (frozenset(FORBIDDEN) - frozenset(HARMFUL)) | _ALONE | {EVERY_FORM}


# Seconds. Other processes may use a version a little longer than this one does.
KEPT_AFTER_USE = 60.0
# Versions that are kept so. OPA compiles everything again with each new one, so the time of a push
# grows with them; a user of one that is gone puts it back.
MOST_KEPT = 8

_STRICT = "?strict-builtin-errors=true"
# An error inside a policy shows that the server is there.
_FAILURES = Classifier(expected=(PolicyUnavailable,))


class OpaEngine:
    """Compiles and evaluates on a server that other processes use too."""

    name: EngineName = "opa"

    def __init__(
        self,
        settings: OpaSettings,
        breaker: Callable[[], CircuitBreaker] | None = None,
        portable: bool = False,
    ) -> None:
        """Nothing connects yet.

        Args:
            breaker: gives the breaker through which evaluations go; None: they go straight.
            portable: whether policies have to mean the same on every engine.
        """
        self.settings = settings
        self._portable = portable
        self.wire = Wire(settings)
        self._breaker = breaker
        self._lock = threading.Lock()
        self._used: Counter[str] = Counter()
        self._unused: dict[str, tuple[float, Layout]] = {}

    @property
    def runs_on(self) -> str:
        """See ``PolicyEngine``."""
        return self.settings.url

    @property
    def record(self) -> str | None:
        """See ``PolicyEngine``."""
        return record_of(self.name, self._portable)

    @property
    def tried_by(self) -> LibraryName | None:
        """See ``PolicyEngine``. The trial finds excess; regopy could read less of a set."""
        return "regorus" if find_spec("regorus") is not None else None

    def compile(self, bundle: Bundle) -> OpaPolicies:
        """See ``PolicyEngine``."""
        admit(bundle, frozenset() if self._portable else EXACT)
        layout = layout_of(bundle, f"p{bundle.version}")
        self.sweep()
        with self._lock:
            self._used[layout.prefix] += 1
            self._unused.pop(layout.prefix, None)
        try:
            self.push(layout)
        except PlatformError:
            self.release(layout)
            raise
        return OpaPolicies(self, bundle, layout)

    def health(self) -> EngineHealth:
        """Asks the server's ``/health``."""
        began = perf_counter()
        try:
            answer = self.wire.ask("GET", "/health", None, Deadline(self.settings.timeout))
        except PolicyUnavailable as error:
            return EngineHealth("unavailable", str(error))
        latency_ms = (perf_counter() - began) * 1e3
        if answer.status != 200:
            return EngineHealth("unavailable", f"HTTP status {answer.status}", latency_ms)
        return EngineHealth("ok", "the OPA server answers", latency_ms)

    def sweep(self) -> None:
        """Remove layouts that this process no longer uses, except the last few for a minute."""
        before = monotonic() - KEPT_AFTER_USE
        with self._lock:
            over = len(self._unused) - MOST_KEPT
            due = [
                prefix
                for number, (prefix, (since, _)) in enumerate(self._unused.items())
                if since < before or number < over
            ]
            layouts = [self._unused.pop(prefix)[1] for prefix in due]
        for layout in layouts:
            self.remove(layout)

    def close(self) -> None:
        """Close the connections; the layouts on the server stay for others."""
        self.wire.close()

    # The state shared by the compiled policies of this engine.

    def push(self, layout: Layout) -> None:
        """Put a layout on the server; raises as ``compile``."""
        push(self.wire, layout, Deadline(self.settings.push_timeout))

    def remove(self, layout: Layout) -> None:
        """Remove a layout from the server; an unavailable server is logged."""
        try:
            remove(self.wire, layout, Deadline(self.settings.push_timeout))
        except PolicyUnavailable as error:
            log.warning("policies %s stay on the OPA server: %s", layout.prefix, error)

    def release(self, layout: Layout) -> None:
        """One user less."""
        with self._lock:
            self._used[layout.prefix] -= 1
            if self._used[layout.prefix] <= 0:
                del self._used[layout.prefix]
                self._unused[layout.prefix] = monotonic(), layout

    def ask(self, path: str, input_json: str, deadline: Deadline) -> Answer:
        """Evaluate, through the breaker.

        Raises:
            PolicyUnavailable: no response.
        """
        body = f'{{"input":{input_json}}}'
        if self._breaker is None:
            return self.wire.ask("POST", path + _STRICT, body, deadline)
        try:
            return self._breaker().call_as(
                _FAILURES, self.wire.ask, "POST", path + _STRICT, body, deadline
            )
        except CircuitOpen as error:
            raise PolicyUnavailable(error, error.retry_after) from error


class OpaPolicies:
    """A bundle on the server."""

    def __init__(self, engine: OpaEngine, bundle: Bundle, layout: Layout) -> None:
        """``layout`` was pushed."""
        self._engine = engine
        self._bundle = bundle
        self._layout = layout
        self._refill = Refill(lambda: engine.push(layout))
        self._closed = False
        self.version = bundle.version
        self.reads = reads_of(tokenize(source) for source in bundle.modules.values())

    def evaluate(self, input_json: str) -> Verdict:
        """See ``CompiledPolicies``; returns or raises within the time-out."""
        try:
            # It is put between two braces: a text that is no JSON could add more than the input.
            msgspec.json.decode(input_json, type=msgspec.Raw)
        except msgspec.DecodeError as error:
            raise PolicyError("input", f"is not JSON: {error}") from error
        deadline = Deadline(self._engine.settings.timeout)
        body = self._ask(ANSWER, input_json, deadline)
        if "result" not in body:
            # The server does not have the whole bundle: it has been restarted, or half filled.
            self._refill.wait(deadline.left())
            body = self._ask(ANSWER, input_json, deadline)
        return read_verdict(_only_value(body))

    def about(self, topic: Topic | None) -> OpaPolicies:
        """See ``CompiledPolicies``: the server has an index of its own."""
        return self

    def run_tests(self) -> TestReport:
        """See ``CompiledPolicies``; the tests are on the server only meanwhile."""
        # A name of its own: another process may run the same tests.
        layout = layout_of(self._bundle, f"t{secrets.token_hex(8)}", with_tests=True)
        tests = rego_tests(self._bundle.tests)
        try:
            self._engine.push(layout)
            return run_rego_tests(tests, lambda rule: self._value(layout, rule))
        finally:
            self._engine.remove(layout)

    def close(self) -> None:
        """See ``CompiledPolicies``; the server keeps it for a while, for other processes."""
        if not self._closed:
            self._closed = True
            self._engine.release(self._layout)

    def _ask(self, rule: str, input_json: str, deadline: Deadline) -> dict[str, Any]:
        path = f"{self._layout.data_path}/{rule}"
        return _checked(self._layout, self._engine.ask(path, input_json, deadline))

    def _value(self, layout: Layout, rule: str) -> Any:
        deadline = Deadline(self._engine.settings.push_timeout)
        answer = self._engine.ask(layout.rule_path(rule), "{}", deadline)
        return _checked(layout, answer).get("result", UNDEFINED)


def _checked(layout: Layout, answer: Answer) -> dict[str, Any]:
    if answer.status == 200 and isinstance(answer.body, dict):
        return answer.body
    if answer.status == 400 and isinstance(answer.body, dict):
        raise PolicyError("input", str(answer.body.get("message", "was refused")))
    error = evaluation_error(layout, answer.body) if answer.status == 500 else None
    raise error or PolicyUnavailable(BadAnswer(f"HTTP status {answer.status}, no result"))


def _only_value(body: dict[str, Any]) -> Any:
    if "result" not in body:
        raise PolicyUnavailable(BadAnswer("the server does not have the policies"))
    result = body["result"]
    values = result.get("values") if isinstance(result, dict) else None
    if not isinstance(values, list) or len(values) > 1:
        raise PolicyUnavailable(BadAnswer("not the answer of our rule"))
    return values[0] if values else UNDEFINED
