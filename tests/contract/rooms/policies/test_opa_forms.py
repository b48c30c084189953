"""Forms that an OPA server alone admits: it is the engine that the others follow.

``python -m tests.support.conformance opa`` shows the same of OPA's own cases.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.contract.rooms.policies.conftest import MakeOpa
from tests.support.bundles import rules
from tests.support.opa import OpaServer, opa_eval
from tests.support.require import TEST_ALL
from yoto.errors import PolicyError
from yoto.rooms.policies import Bundle

INPUT = {
    "d": [{"k": "a", "v": 1}, {"k": "b", "v": 2, "w": 3}],
    "e": {"k": "a"},
    "n": -0.5,
    "s": "Äb~",
    "glob": "a*",
    "package": {"in": 1, "not": False},
    "token": "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.AAAA",
}
# Each form gives a value of ``x`` in which engines differ, or which others lack.
FORMS = [
    'x := [k | some {"k": k, "v": _} in input.d]',
    'x := [v | {"k": v} := input.e]',
    'f({"k": k}) := k\nx := f(input.e)',
    "f(a, a) := 1\nx := f(1, 1)",
    "x := [w | w := walk(input.e)]",
    "x := 0.1 + 0.2 == 0.3",
    "x := floor(input.n)",
    "x := upper(input.s)",
    'x := json.marshal({"b": {3, 1}, "a": "<"})',
    'x := sprintf("%5.2f|%x|%q", [1.5, 255, input.s])',
    'x := [one | some one in ["ab", "b"]; glob.match(input.glob, [], one)]',
    "x := regex.match(`^\\w+$`, input.s)",
    "x := regex.is_valid(input.s)",
    'x := units.parse_bytes("1.5e-1KB")',
    'x := json.patch(input.e, [{"op": "add", "path": "/z", "value": 1}])',
    "x := io.jwt.decode(input.token)[1]",
    'x := net.cidr_intersects("10.0.0.0/8", "10.1.0.0/16")',
    'x := strings.replace_n({"a": "b", "b": "c"}, "ab")',
    "x := input.package.in",
    "x if {\n\tnot input.package.not\n\tinput.package.in\n}",
    "import data.yoto.authz as other\nf(a) := a\nx := other.f(input.s)",
    'r[k].v := 1 if some k in ["a"]\nr.b.v := 2\nx := r',
    "x := bits.lsh(1, 70)",
    "x := y if y := (2, 2 in {1, 2})",
]


# Each form takes a process of OPA, for the value that it has there.
@pytest.mark.parametrize("form", FORMS if TEST_ALL else FORMS[::6])
def test_a_form_in_which_engines_differ_has_opas_value_there_and_is_refused_where_portable(
    form: str, opa_server: OpaServer, make_opa: MakeOpa, tmp_path: Path
) -> None:
    bundle = rules(f"{form}\ndeny contains json.marshal(x)")
    for name, source in bundle.modules.items():
        (tmp_path / f"{name}.rego").write_text(source, "utf-8")
    (wanted,) = opa_eval(tmp_path, "data.yoto.authz.decision.deny", json.dumps(INPUT))

    verdict = make_opa(opa_server.url).compile(bundle).evaluate(json.dumps(INPUT))

    assert verdict.deny == (wanted,)
    # Without the function that shows the value here.
    with pytest.raises(PolicyError):
        make_opa(opa_server.url, portable=True).compile(rules(form))


def test_a_rule_that_looks_through_a_package_finds_the_rules_of_policies_alone(
    opa_server: OpaServer, make_opa: MakeOpa
) -> None:
    inner = {"inner": "package yoto.authz.inner\n\na := true\n"}
    bundle = rules("deny contains name if some name, _ in data.yoto.authz.inner")

    compiled = make_opa(opa_server.url).compile(Bundle({**bundle.modules, **inner}))

    assert compiled.evaluate("{}").deny == ("a",)
