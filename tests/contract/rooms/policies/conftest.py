from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.opa import OpaServer, opa_binary
from yoto.rooms.policies import EmbeddedEngine, OpaEngine, OpaSettings, PolicyEngine
from yoto.rooms.policies.engine.embedded.library import LIBRARIES, library

# Seconds. A test that is not about time must not fail because the machine is busy.
AMPLE = 60.0

MakeOpa = Callable[..., OpaEngine]


@pytest.fixture(scope="session")
def opa_server() -> Iterator[OpaServer]:
    """One OPA server for the session; a test that breaks it must start its own."""
    with OpaServer(opa_binary()).start() as server:
        yield server


@pytest.fixture
def own_opa_server() -> Iterator[OpaServer]:
    """An OPA server that the test may break."""
    with OpaServer(opa_binary()).start() as server:
        yield server


@pytest.fixture
def make_opa() -> Iterator[MakeOpa]:
    """Makes engines for OPA servers and closes them after the test."""
    made: list[OpaEngine] = []

    def make(url: str, portable: bool = False, **options: object) -> OpaEngine:
        settings = {"timeout": AMPLE, "push_timeout": AMPLE, **options}
        made.append(
            OpaEngine(OpaSettings(url, **settings), portable=portable)  # type: ignore[arg-type]
        )
        return made[-1]

    yield make
    for engine in made:
        engine.close()


@pytest.fixture(params=[*LIBRARIES, "opa"])
def engine(request: pytest.FixtureRequest) -> Iterator[PolicyEngine]:
    """Each engine in turn."""
    made: PolicyEngine
    if request.param in LIBRARIES:
        made = EmbeddedEngine(library=library(request.param))
    else:
        server = request.getfixturevalue("opa_server")
        made = OpaEngine(OpaSettings(server.url, timeout=AMPLE, push_timeout=AMPLE))
    yield made
    made.close()
