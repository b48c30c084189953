"""Flask-Limiter's ``Limiter`` over Yoto's rate limits; README.md says what is left out."""

from __future__ import annotations

import enum
import functools
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import time
from typing import Any, NamedTuple

from flask import Blueprint, Flask, Response, after_this_request, current_app, has_request_context
from flask import request as here
from werkzeug.exceptions import TooManyRequests

from yoto import RateLimitConfig, ValidationFailed, Yoto, get_resilience_controller

log = logging.getLogger("flask-limiter")

ALGORITHMS = {"moving-window": "sliding_log", "sliding-window-counter": "sliding_window"}
LIMITS, EXEMPT, USED = "__shim_limits__", "__shim_exempt__", "shim.limits_of_request"
KNOWN = tuple("enabled headers_enabled strategy on_breach key_prefix default_ application_".split())
UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


class ExemptionScope(enum.Flag):
    NONE, APPLICATION, DEFAULT, META, DESCENDENTS, ANCESTORS, USUAL = 0, 1, 2, 4, 8, 16, 7


def get_remote_address() -> str:
    return here.remote_addr or "127.0.0.1"


def said(value: Any) -> Any:
    return value() if callable(value) else value


class Window(NamedTuple):
    amount: int
    seconds: float

    def get_expiry(self) -> int:
        return int(self.seconds)

    def __str__(self) -> str:
        unit, size = next(one for one in UNITS if self.seconds % one[1] == 0)
        return f"{self.amount} per {self.seconds / size:g} {unit}"


class RequestLimit(NamedTuple):
    limit: Window
    key: str
    remaining: int
    reset_at: int
    breached: bool
    retry_after: float


class RateLimitExceeded(TooManyRequests):
    def __init__(self, limit: RequestLimit, message: str | None, response: Any = None) -> None:
        super().__init__(message or str(limit.limit), response, int(limit.retry_after) + 1)
        self.limit = limit


@dataclass(frozen=True, eq=False)
class Limit:
    limiter: Limiter
    limit_value: str | Callable[[], str]
    key_func: Callable[[], Any] | None = None
    per_method: bool = False
    methods: Iterable[str] | None = None
    error_message: str | Callable[[], str] | None = None
    exempt_when: Callable[[], bool] | None = None
    override_defaults: bool = True
    deduct_when: Callable[[Response], bool] | None = None
    on_breach: Callable[..., Any] | None = None
    cost: int | Callable[[], int] = 1
    scope: str | Callable[[str], str] | None = None

    def __call__(self, target: Any) -> Any:
        """Limit a function, or all views of a blueprint."""
        if isinstance(target, Blueprint):
            setattr(target, LIMITS, (*getattr(target, LIMITS, ()), self))
            return target

        @functools.wraps(target)
        def limited(*args: Any, **kwargs: Any) -> Any:
            self.limiter._count([self], here.endpoint)
            return current_app.ensure_sync(target)(*args, **kwargs)

        setattr(limited, LIMITS, (*getattr(target, LIMITS, ()), self))
        return limited

    def __enter__(self) -> None:
        self.limiter._count([self], here.endpoint)

    def __exit__(self, *_: Any) -> None: ...

    def covers(self) -> bool:
        return self.methods is None or here.method in {one.upper() for one in self.methods}


class Limiter:
    def __init__(self, key_func: Any, *, app: Flask | None = None, **options: Any) -> None:
        """``options``: ``default_limits``, ``default_limits_cost``... as Flask-Limiter has them."""
        unknown = [name for name in options if not name.startswith(KNOWN)]
        if unknown:
            raise TypeError(f"not in this shim: {', '.join(unknown)}")
        self._key_func, self._options = key_func, options
        self._filters: list[Callable[[], bool]] = []
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        if "yoto" not in app.extensions:
            Yoto(app, problems=False)
        self.enabled = self._said("enabled", app, True)
        self._headers = self._said("headers_enabled", app, False)
        self._prefix = self._said("key_prefix", app, "")
        strategy = self._said("strategy", app, "fixed-window")
        self._algorithm = ALGORITHMS.get(strategy, strategy.replace("-", "_"))
        rest = self._all("default_limits", app.config.get("RATELIMIT_DEFAULT"))
        every = self._all("application_limits", app.config.get("RATELIMIT_APPLICATION"))
        app.before_request(lambda: self._before(app, every, rest))
        app.after_request(self._say)

    def _said(self, name: str, app: Flask, usual: Any) -> Any:
        return self._options.get(name, app.config.get(f"RATELIMIT_{name.upper()}", usual))

    def _all(self, kind: str, configured: str | None) -> list[Limit]:
        """Those of an application, of which a bad one is an error at once."""
        given = {name: one for name, one in self._options.items() if name.startswith(f"{kind}_")}
        options = {name.removeprefix(f"{kind}_"): one for name, one in given.items()}
        if kind == "application_limits":
            options["scope"] = "application"
        texts = self._options.get(kind) or ([configured] if configured else [])
        for text in texts:
            callable(text) or RateLimitConfig.of(text)
        return [Limit(self, text, **options) for text in texts]

    def limit(self, limit_value: str | Callable[[], str], **options: Any) -> Any:
        """Of a route, a function or a blueprint; a bad text is logged, and limits nothing."""
        if not callable(limit_value) and _config(limit_value) is None:
            return lambda target: target
        return Limit(self, limit_value, **options)

    def shared_limit(self, limit_value: Any, scope: Any, **options: Any) -> Any:
        return self.limit(limit_value, scope=scope, **options)

    def exempt(self, obj: Any = None, *, flags: ExemptionScope = ExemptionScope.USUAL) -> Any:
        if obj is None:
            return lambda obj: self.exempt(obj, flags=flags)
        setattr(obj, EXEMPT, flags)
        return obj

    def request_filter(self, fn: Callable[[], bool]) -> Callable[[], bool]:
        self._filters.append(fn)
        return fn

    @property
    def current_limits(self) -> list[RequestLimit]:
        used = here.environ.get(USED, []) if has_request_context() else []
        return sorted(used, key=lambda one: (not one.breached, one.limit.seconds))

    @property
    def current_limit(self) -> RequestLimit | None:
        return next(iter(self.current_limits), None)

    def _before(self, app: Flask, application: list[Limit], defaults: list[Limit]) -> None:
        name = here.endpoint
        if name is None or name.rpartition(".")[2] == "static":
            return
        around = [app.blueprints[one] for one in here.blueprints]
        flags = getattr(app.view_functions[name], EXEMPT, ExemptionScope.NONE)
        for number, one in enumerate(around):
            own = getattr(one, EXEMPT, ExemptionScope.NONE)
            flags |= own if not number or own & ExemptionScope.DESCENDENTS else flags
        if not flags & ExemptionScope.APPLICATION:
            self._count(application, "application")
        if flags & ExemptionScope.DEFAULT:
            return
        places = (app.view_functions[name], *around)
        levels = [[one for one in getattr(at, LIMITS, ()) if one.covers()] for at in places]
        # The nearest that has limits says whether those around it count as well; those of a view
        # are counted when it is called.
        nearest = next((number for number, level in enumerate(levels) if level), 0)
        if any(limit.override_defaults for limit in levels[nearest]):
            self._count(levels[nearest] if nearest else [], name)
        else:
            self._count([limit for level in levels[1:] for limit in level] + defaults, name)

    def _count(self, limits: list[Limit], endpoint: Any) -> None:
        """Count by all of them, or by none if one refuses."""
        if not self.enabled or any(skip() for skip in self._filters):
            return
        counted: list[tuple[Limit, Callable[[], None]]] = []
        now = time()
        for limit in limits:
            text, cost = said(limit.limit_value), said(limit.cost)
            config = _config(text, algorithm=self._algorithm)
            if config is None or not cost or not limit.covers() or said(limit.exempt_when):
                continue
            scope = limit.scope(endpoint) if callable(limit.scope) else limit.scope or endpoint
            key = f"{scope}:{(limit.key_func or self._key_func)()}"
            key += f":{here.method}" if limit.per_method else ""
            # A name that operators see; of scopes that are made up for each request there are many.
            known = "shared" if callable(limit.scope) else scope
            name = "".join(f"{self._prefix}{known}:{text}".split())[-128:]
            get_resilience_controller().define(name, rate_limit=config)
            limiter = get_resilience_controller().rate_limiter(name)
            used = [
                RequestLimit(Window(most, span), key, left, int(now + reset), wait > 0, wait)
                for _, most, span, left, reset, wait, _ in limiter.hit(key, cost).dimensions
            ]
            here.environ.setdefault(USED, []).extend(used)
            breached = max(used, key=lambda one: one.retry_after)
            if breached.breached:
                for _, refund in counted:
                    refund()
                react = limit.on_breach or self._options.get("on_breach")
                answer = react and react(breached)
                raise RateLimitExceeded(breached, said(limit.error_message), answer)
            counted.append((limit, functools.partial(limiter.refund, key, cost)))
        for limit, refund in counted:
            if limit.deduct_when is not None:
                after_this_request(functools.partial(_judge, limit.deduct_when, refund))

    def _say(self, response: Response) -> Response:
        now = self.current_limit
        if self._headers and now is not None:
            response.headers["X-RateLimit-Limit"] = str(now.limit.amount)
            response.headers["X-RateLimit-Remaining"] = str(now.remaining)
            response.headers["X-RateLimit-Reset"] = str(now.reset_at)
            response.headers["Retry-After"] = str(max(0, now.reset_at - int(time())))
        return response


def _config(text: str, **fields: Any) -> RateLimitConfig | None:
    try:
        return RateLimitConfig.of(text, **fields)
    except ValidationFailed as error:
        log.error("failed to load ratelimit: %s", error)
        return None


def _judge(deduct: Callable[..., bool], refund: Callable[[], None], response: Response) -> Response:
    if not deduct(response):
        refund()
    return response
