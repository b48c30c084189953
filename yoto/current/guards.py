"""Guards of the current application; see ``ResilienceController`` for each."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from yoto.resilience import ResilienceController, get_resilience_controller

P = ParamSpec("P")
R = TypeVar("R")


def _current(method: Callable[Concatenate[ResilienceController, P], R]) -> Callable[P, R]:
    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return method(get_resilience_controller(), *args, **kwargs)

    return call


get_circuit_breaker_state = _current(ResilienceController.get_circuit_breaker_state)
get_rate_limit_status = _current(ResilienceController.get_rate_limit_status)
get_bulkhead_stats = _current(ResilienceController.get_bulkhead_stats)

get_circuit_breaker_config = _current(ResilienceController.get_circuit_breaker_config)
get_rate_limit_config = _current(ResilienceController.get_rate_limit_config)
get_bulkhead_config = _current(ResilienceController.get_bulkhead_config)
get_degradation_config = _current(ResilienceController.get_degradation_config)
get_all_resilience_configs = _current(ResilienceController.get_all_resilience_configs)

set_circuit_breaker_config = _current(ResilienceController.set_circuit_breaker_config)
set_rate_limit_config = _current(ResilienceController.set_rate_limit_config)
set_bulkhead_config = _current(ResilienceController.set_bulkhead_config)
set_degradation_config = _current(ResilienceController.set_degradation_config)

is_global_switch_enabled = _current(ResilienceController.is_global_switch_enabled)
set_global_switch = _current(ResilienceController.set_global_switch)
execute_atomic_operation = _current(ResilienceController.execute_atomic_operation)
