"""The outside is closed to policies on an OPA server: each way to call a function that OPA has."""

from __future__ import annotations

import pytest

from tests.contract.rooms.policies.conftest import MakeOpa
from tests.support.bundles import MAIN
from tests.support.opa import OpaServer
from yoto.errors import PolicyError
from yoto.rooms.policies import Bundle

# Nothing listens there.
ASKED = '{"method": "GET", "url": "http://127.0.0.1:9/"}'
WAYS = {
    "a call": f"x := http.send({ASKED})",
    "the beginning of a line": f"x :=\nhttp.send({ASKED})",
    "another function's place": f"f(x) := x\ny := v if {{ v := f({ASKED}) with f as http.send }}",
    "a schema": 'x := json.match_schema({}, {"$ref": "http://127.0.0.1:9/"})',
}
INNER = "package yoto.authz.http\n\nsend(x) := x\n"


@pytest.mark.parametrize("way", WAYS)
def test_no_policy_makes_the_server_send_a_request(
    way: str, opa_server: OpaServer, make_opa: MakeOpa
) -> None:
    body = f"package yoto.authz\n\n{WAYS[way]}\n"
    for inner in ({}, {"inner": INNER}):
        with pytest.raises(PolicyError, match="is not allowed"):
            make_opa(opa_server.url).compile(Bundle({"main": MAIN, "asking": body, **inner}))
        test = body.replace("authz\n", "authz_test\n").replace("x :=", "test_x :=")
        with pytest.raises(PolicyError, match="is not allowed"):
            make_opa(opa_server.url).compile(Bundle({"main": MAIN, **inner}, {"main": test}))
