"""The SDK that the configuration names."""

from __future__ import annotations

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from app.server import install_tracer
from yoto.errors import ConfigurationError

made = TracerProvider(shutdown_on_exit=False)


def make() -> TracerProvider:
    return made


def make_nothing() -> None:
    """Forgets to return it."""


def test_it_is_made_and_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[trace.TracerProvider] = []
    monkeypatch.setattr(trace, "set_tracer_provider", installed.append)
    install_tracer(f"{__name__}:make")
    install_tracer(None)
    assert installed == [made]


@pytest.mark.parametrize(
    "path", ["no_such_module:make", f"{__name__}:missing", f"{__name__}:make_nothing"]
)
def test_a_wrong_one_stops_the_start(path: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        install_tracer(path)
    assert refused.value.key == "TRACER_PROVIDER" and path in refused.value.reason
