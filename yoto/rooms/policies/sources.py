"""Requirements for a bundle before an engine sees it.

Sources come from people and programs: a source refused here is refused on every engine, with the
same message, so that a set of policies can move from one engine to the other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from yoto.errors import PolicyError
from yoto.rooms.policies.bundle import NAME, NAME_RULE, Bundle
from yoto.rooms.policies.rego.calls import Call, calls_of, defined_functions, given_by_with
from yoto.rooms.policies.rego.heads import has_rule, package_of, path_at
from yoto.rooms.policies.rego.tokens import Kind, Token, tokenize

# Bytes. The largest rule file that people write by hand is a tenth of it; lists belong into data.
LARGEST_SOURCE = 1_000_000
# Bytes of all documents together. A list of 100,000 networks fits.
LARGEST_DATA = 5_000_000
# Brackets inside each other. With each level regorus takes twice as long to parse; 12 take 0.2 s.
DEEPEST = 12

PACKAGE = ("yoto", "authz")
TEST_PACKAGE = ("yoto", "authz_test")
# The packages of policies, OPA's own, and those that the engine for OPA adds.
_RESERVED = re.compile(r"system|yoto.*")

_OUTSIDE = "a verdict must follow from the input and the data documents alone"
_LOGGED = "it would write inputs to a log"
_DIFFERENT = "the engines differ in it"
_BY_APPLICATION = "the application does it, and policies read the result in context.given"
_COSTLY = "what it makes can be larger than any memory"
# Rego tests may not call these either. They may call builtins that only differ: tests hold where
# they run.
HARMFUL: Mapping[str, str] = {
    "http.send": _OUTSIDE,
    # A schema may refer to others by their addresses, which OPA fetches.
    "json.match_schema": f"{_OUTSIDE}; check the fields one by one, as by is_string",
    "json.verify_schema": f"{_OUTSIDE}; the application verifies its schemas",
    "net.lookup_ip_addr": _OUTSIDE,
    "opa.runtime": _OUTSIDE,
    "rand.intn": _OUTSIDE,
    "uuid.rfc4122": _OUTSIDE,
    "print": _LOGGED,
    "trace": _LOGGED,
    "net.cidr_expand": f"{_COSTLY}; use net.cidr_contains",
    "graph.reachable_paths": f"{_COSTLY}; use graph.reachable",
}
FORBIDDEN: Mapping[str, str] = {
    **HARMFUL,
    "bits.lsh": f"{_DIFFERENT}; multiply by a power of two",
    "bits.rsh": f"{_DIFFERENT}; divide by a power of two",
    "ceil": f"{_DIFFERENT}; use round",
    "floor": f"{_DIFFERENT}; use round",
    "format_int": f'{_DIFFERENT}; use sprintf("%d", [x])',
    "glob.quote_meta": f"{_DIFFERENT}; compare with ==, startswith or endswith",
    "json.filter": f"{_DIFFERENT}; use object.filter",
    "json.marshal": f'{_DIFFERENT}; use sprintf("%v", [x])',
    "json.remove": f"{_DIFFERENT}; use object.remove",
    "object.subset": f"{_DIFFERENT}; compare sets, as in {{1}} - set == set()",
    "regex.is_valid": f"{_DIFFERENT}; write the pattern out in regex.match",
    "regex.split": f"{_DIFFERENT}; use split",
    "regex.template_match": f"{_DIFFERENT}; use regex.match",
    "semver.is_valid": f"{_DIFFERENT}; use regex.match",
    "strings.count": f"{_DIFFERENT}; use count(indexof_n(text, part))",
    "strings.replace_n": f"{_DIFFERENT}; use replace",
    "time.add_date": f"{_DIFFERENT}; add nanoseconds",
    "time.diff": f"{_DIFFERENT}; subtract nanoseconds",
    "time.format": f"{_DIFFERENT}; use time.date and time.clock",
    "time.parse_ns": f"{_DIFFERENT}; use time.parse_rfc3339_ns",
    "units.parse": f"{_DIFFERENT}; write numbers out in a data document",
    "units.parse_bytes": f"{_DIFFERENT}; write numbers out in a data document",
    "upper": f"{_DIFFERENT}; compare with lower",
    "urlquery.decode": f"{_DIFFERENT}; {_BY_APPLICATION}",
    "urlquery.decode_object": f"{_DIFFERENT}; {_BY_APPLICATION}",
    "urlquery.encode": f"{_DIFFERENT}; {_BY_APPLICATION}",
    "urlquery.encode_object": f"{_DIFFERENT}; {_BY_APPLICATION}",
    "yaml.is_valid": f"{_DIFFERENT}; use json.is_valid",
    "yaml.marshal": f"{_DIFFERENT}; {_BY_APPLICATION}",
    "yaml.unmarshal": f"{_DIFFERENT}; use json.unmarshal",
}
# Builtins of both regorus and OPA that they read alike, unless forbidden above.
BUILTINS = frozenset(FORBIDDEN) | frozenset("""
    abs array.concat array.reverse array.slice base64.decode base64.encode base64.is_valid
    base64url.decode base64url.encode base64url.encode_no_pad bits.and bits.negate bits.or
    bits.xor concat contains count endswith glob.match graph.reachable hex.decode hex.encode
    indexof indexof_n intersection is_array is_boolean is_null is_number is_object is_set
    is_string json.is_valid json.marshal_with_options json.unmarshal lower max min
    net.cidr_contains net.cidr_is_valid numbers.range numbers.range_step object.filter object.get
    object.keys object.remove object.union object.union_n product regex.find_all_string_submatch_n
    regex.find_n regex.match regex.replace replace round semver.compare sort split sprintf
    startswith strings.any_prefix_match strings.any_suffix_match strings.reverse substring sum
    time.clock time.date time.now_ns time.parse_duration_ns time.parse_rfc3339_ns time.weekday
    to_number trim trim_left trim_prefix trim_right trim_space trim_suffix type_name union
    uuid.parse walk
    """.split())
# Replacements for builtins of OPA alone that policies ask for, by the beginning of their names.
_INSTEAD: Mapping[str, str] = {
    "io.jwt.": "the application verifies tokens, and policies read what it makes of them in input",
    "crypto.": "compare what the application has verified",
    "net.cidr_intersects": "networks overlap if one contains the other: use net.cidr_contains "
    "both ways round",
    "net.cidr_overlap": "use net.cidr_contains",
    "net.cidr_contains_matches": "use 'some' and net.cidr_contains",
    "net.cidr_merge": "list the networks in a data document",
    "json.patch": "use object.union and object.remove",
    "array.flatten": "use a comprehension over both arrays",
    "regex.globs_match": "use glob.match",
    "strings.split_n": "use split",
    "__builtin_": "use the operators & and |",
}
# The beginnings of the names of builtins, in any engine.
_NAMESPACES = frozenset(name.partition(".")[0] for name in BUILTINS if "." in name) | frozenset(
    "crypto graphql internal io opa providers rego uri".split()
)
# Words that regorus takes for the beginning of another construct, also behind a dot.
_KEYWORDS = frozenset(
    "as default else every false if import in not null package some true with".split()
)

# Imports of features that Rego v1 has anyway.
_KEYWORDS_OF_V1 = frozenset(
    {
        ("rego", "v1"),
        ("future", "keywords"),
        *(("future", "keywords", word) for word in ("contains", "every", "if", "in")),
    }
)
# The name for an engine that reads every form of the language as OPA does.
EVERY_FORM = "every form"


def check_bundle(bundle: Bundle, exact: Collection[str] = ()) -> None:
    """Refuse forms that no engine may get.

    Args:
        exact: builtins in which engines differ, or that others lack, and that the chosen engine
            evaluates as OPA does, or with an error; forms that it reads as OPA does.

    Raises:
        PolicyError: the first fault.
    """
    _check_data(bundle)
    modules = {name: _read(name, text, exact) for name, text in bundle.modules.items()}
    tests = {name: _read(name, text, exact) for name, text in bundle.tests.items()}
    for name, tokens in modules.items():
        _check_package(name, tokens, False)
    for name, tokens in tests.items():
        _check_package(name, tokens, True)
    if not any(
        package_of(tokens) == PACKAGE and has_rule(tokens, "decision")
        for tokens in modules.values()
    ):
        raise PolicyError("bundle", "no policy defines the rule 'decision' in package yoto.authz")
    _check_modules(modules, exact)
    _check_calls(tests, [*modules.values(), *tests.values()], HARMFUL, exact)


def _check_modules(modules: Mapping[str, Sequence[Token]], exact: Collection[str]) -> None:
    forbidden = {name: why for name, why in FORBIDDEN.items() if name not in exact}
    _check_calls(modules, list(modules.values()), forbidden, exact)


def _check_size(name: str, size: int) -> None:
    if size > LARGEST_SOURCE:
        raise PolicyError(name, f"has {size:,} bytes; at most {LARGEST_SOURCE:,} are taken")


def _read(name: str, source: str, exact: Collection[str] = ()) -> list[Token]:
    try:
        size = len(source.encode("utf-8"))
    except UnicodeEncodeError as error:
        line = source.count("\n", 0, error.start) + 1
        raise PolicyError(name, f"is not Unicode text: line {line}") from error
    _check_size(name, size)
    tokens = tokenize(source)
    imports = {token.line for token in tokens if token.first and token.value == "import"}
    for index, token in enumerate(tokens[:-1]):
        if token.line in imports and token.first:
            word = path_at(tokens, index + 1)[0]
            if word[0] in ("future", "rego") and word[:3] not in _KEYWORDS_OF_V1:
                raise _at(
                    name, token, f"{'.'.join(word)} changes how a policy is read: leave it out"
                )
    for token in tokens:
        if token.depth >= DEEPEST:
            raise _at(name, token, f"more than {DEEPEST} brackets are open")
        if token.kind is Kind.TEMPLATE:
            raise _at(name, token, "not every engine has interpolated strings; use sprintf")
    if EVERY_FORM in exact:
        return tokens
    for before, token in pairwise(tokens):
        if before.value == "." and token.value in _KEYWORDS and before.line not in imports:
            raise _at(
                name, token, f"'{token.value}' is a keyword: write [\"{token.value}\"] for it"
            )
    return tokens


def _check_package(name: str, tokens: Sequence[Token], is_test: bool) -> None:
    package = package_of(tokens)
    if package is None:
        raise PolicyError(name, "must begin with 'package yoto.authz'")
    allowed = (PACKAGE, TEST_PACKAGE) if is_test else (PACKAGE,)
    if not any(package[: len(one)] == one for one in allowed):
        places = " or ".join(".".join(one) for one in allowed)
        raise _at(name, tokens[1], f"package must be {places} or inside, not {'.'.join(package)}")


def _check_data(bundle: Bundle) -> None:
    for document in bundle.data:
        if not NAME.fullmatch(document):
            raise PolicyError(str(document), f"is no name for a data document: {NAME_RULE}")
        if _RESERVED.fullmatch(document):
            raise PolicyError(
                document, f"a data document conflicts with what is at data.{document} already"
            )
    size = len(bundle.data_json)
    if size > LARGEST_DATA:
        raise PolicyError("data", f"has {size:,} bytes; at most {LARGEST_DATA:,} are taken")


def _check_calls(
    modules: Mapping[str, Sequence[Token]],
    defining: Sequence[Sequence[Token]],
    forbidden: Mapping[str, str],
    exact: Collection[str],
) -> None:
    in_package: dict[tuple[str, ...] | None, set[tuple[str, ...]]] = {}
    for tokens in defining:
        in_package.setdefault(package_of(tokens), set()).update(defined_functions(tokens))
    everywhere = frozenset().union(*in_package.values())
    for name, tokens in modules.items():
        # A package inside this one is another: there, http.send does not name its function.
        own: Collection[tuple[str, ...]] = in_package.get(package_of(tokens), ())
        for call in calls_of(tokens):
            known = call.path in (own if call.own else everywhere)
            if not known or not (call.everywhere or EVERY_FORM in exact):
                _check_builtin(name, call, forbidden, exact)
        for given in given_by_with(tokens):
            if given.own and given.path not in own and _may_be_builtin(given.name):
                _check_builtin(name, given, forbidden, exact)


def _may_be_builtin(name: str) -> bool:
    return name in BUILTINS or ("." in name and name.partition(".")[0] in _NAMESPACES)


def _check_builtin(
    name: str, call: Call, forbidden: Mapping[str, str], exact: Collection[str]
) -> None:
    where = f"line {call.line}, column {call.column}"
    if call.name in forbidden:
        raise PolicyError(name, f"{where}: {call.name} is not allowed: {forbidden[call.name]}")
    if not call.own:
        raise PolicyError(
            name,
            f"{where}: could not find function {call.name}: call it by its whole path below data, "
            "or import its package without giving it another name",
        )
    if call.name not in BUILTINS and call.name not in exact:
        instead = next((one for start, one in _INSTEAD.items() if call.name.startswith(start)), "")
        raise PolicyError(
            name,
            f"{where}: could not find function {call.name}" + (f": {instead}" if instead else ""),
        )


def _at(name: str, token: Token, reason: str) -> PolicyError:
    return PolicyError(name, f"line {token.line}, column {token.column}: {reason}")
