"""An OPA server behind TLS that lets in only those with its token."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.contract.rooms.policies.conftest import MakeOpa
from tests.support.bundles import rules
from tests.support.opa import OpaServer, opa_binary
from tests.support.waiting import HOST
from yoto.errors import PolicyUnavailable
from yoto.rooms.policies import Verdict

TOKEN = "the-token"
WHO_MAY_ASK = f"""package system.authz

default allow := false

allow if input.identity == "{TOKEN}"
"""
BUNDLE = rules('deny contains "one" if input.x == 1')


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trusted(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file with the certificate of who signed the server's."""
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(scope="module")
def server(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpaServer]:
    folder: Path = tmp_path_factory.mktemp("opa")
    certificate = authority.issue_cert(HOST)
    certificate.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    (folder / "authz.rego").write_text(WHO_MAY_ASK)
    options = [
        *("--tls-cert-file", str(folder / "cert.pem")),
        *("--tls-private-key-file", str(folder / "key.pem")),
        *("--authentication", "token", "--authorization", "basic"),
        str(folder / "authz.rego"),
    ]
    with OpaServer(opa_binary(), *options, scheme="https").start() as started:
        yield started


def test_who_trusts_its_certificate_and_has_the_token_gets_verdicts(
    server: OpaServer, trusted: str, make_opa: MakeOpa
) -> None:
    engine = make_opa(server.url, ca_file=trusted, token=TOKEN)
    policies = engine.compile(BUNDLE)
    assert policies.evaluate('{"x": 0}') == Verdict(True, ())
    assert policies.evaluate('{"x": 1}') == Verdict(False, ("one",))
    assert engine.health().state == "ok"


@pytest.mark.parametrize("token", ["", "another"])
def test_nobody_else_is_told_anything(
    server: OpaServer, trusted: str, make_opa: MakeOpa, token: str
) -> None:
    engine = make_opa(server.url, ca_file=trusted, token=token)
    with pytest.raises(PolicyUnavailable):
        engine.compile(BUNDLE)
    assert engine.health().state != "ok"


# eventlet leaves the socket of a handshake that failed to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <eventlet.green.ssl:ResourceWarning")
def test_a_certificate_that_nobody_vouches_for_is_not_believed(
    server: OpaServer, make_opa: MakeOpa
) -> None:
    engine = make_opa(server.url, token=TOKEN)
    with pytest.raises(PolicyUnavailable):
        engine.compile(BUNDLE)
    assert engine.health().state == "unavailable"
    gc.collect()
