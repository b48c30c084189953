"""What a bundle must be before an engine sees it.

Sources come from people and programs: what is refused here is refused on every engine, with the
same words, so that a set of policies can move from one engine to the other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from app.core.errors import PolicyError
from app.core.policy.bundle import NAME, NAME_RULE, Bundle
from app.core.policy.rego import (
    Call,
    Functions,
    Kind,
    Token,
    calls_of,
    defined_functions,
    has_rule,
    package_of,
    tokenize,
)

# Bytes. The largest rule file that people write by hand is a tenth of it; lists belong into data.
LARGEST_SOURCE = 1_000_000
# Bytes of all documents together. A list of 100,000 networks fits.
LARGEST_DATA = 5_000_000
# Brackets inside each other. With each level regorus takes twice as long to parse; 12 take 0.2 s.
DEEPEST = 12

PACKAGE = ("yoto", "authz")
TEST_PACKAGE = ("yoto", "authz_test")
# Where policies are, what OPA keeps for itself, and what the engine for OPA adds.
_RESERVED = re.compile(r"system|yoto.*")

_OUTSIDE = "a verdict must follow from the input and the data documents alone"
_DIFFERENT = "the engines differ in it"
FORBIDDEN: Mapping[str, str] = {
    "http.send": _OUTSIDE,
    "net.lookup_ip_addr": _OUTSIDE,
    "opa.runtime": _OUTSIDE,
    "rand.intn": _OUTSIDE,
    "uuid.rfc4122": _OUTSIDE,
    "print": "it would write inputs to a log",
    "trace": "it would write inputs to a log",
    "json.match_schema": _DIFFERENT,
    "json.verify_schema": _DIFFERENT,
    "strings.count": _DIFFERENT,
}


def check_bundle(bundle: Bundle, builtins: Collection[str]) -> None:
    """Refuse what no engine may get.

    Args:
        builtins: the functions that every engine has.

    Raises:
        PolicyError: the first thing that is wrong.
    """
    _check_data(bundle)
    modules = {name: _checked(name, text, False) for name, text in bundle.modules.items()}
    tests = {name: _checked(name, text, True) for name, text in bundle.tests.items()}
    if not any(
        package_of(tokens) == PACKAGE and has_rule(tokens, "decision")
        for tokens in modules.values()
    ):
        raise PolicyError("bundle", "no policy defines the rule 'decision' in package yoto.authz")
    _check_calls(modules, _functions(modules), builtins)
    _check_calls(tests, _functions(modules) | _functions(tests), builtins)


def _check_size(name: str, size: int) -> None:
    if size > LARGEST_SOURCE:
        raise PolicyError(name, f"has {size:,} bytes; at most {LARGEST_SOURCE:,} are taken")


def _checked(name: str, source: str, is_test: bool) -> list[Token]:
    try:
        size = len(source.encode("utf-8"))
    except UnicodeEncodeError as error:
        line = source.count("\n", 0, error.start) + 1
        raise PolicyError(name, f"is not Unicode text: line {line}") from error
    _check_size(name, size)
    tokens = tokenize(source)
    _check_package(name, tokens, is_test)
    for token in tokens:
        if token.depth >= DEEPEST:
            raise _at(name, token, f"more than {DEEPEST} brackets are open")
        if token.kind is Kind.TEMPLATE:
            raise _at(name, token, "not every engine has interpolated strings; use sprintf")
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


def _functions(modules: Mapping[str, Sequence[Token]]) -> Functions:
    return frozenset().union(*(defined_functions(tokens) for tokens in modules.values()))


def _check_calls(
    modules: Mapping[str, Sequence[Token]], functions: Functions, builtins: Collection[str]
) -> None:
    for name, tokens in modules.items():
        for call in calls_of(tokens):
            if call.path not in functions:
                _check_builtin(name, call, builtins)


def _check_builtin(name: str, call: Call, builtins: Collection[str]) -> None:
    where = f"line {call.line}, column {call.column}"
    if call.name in FORBIDDEN:
        raise PolicyError(name, f"{where}: {call.name} is not allowed: {FORBIDDEN[call.name]}")
    if not call.own:
        raise PolicyError(
            name,
            f"{where}: could not find function {call.name}: call it by its whole path below data, "
            "or import its package without giving it another name",
        )
    if call.name not in builtins:
        raise PolicyError(name, f"{where}: could not find function {call.name}")


def _at(name: str, token: Token, reason: str) -> PolicyError:
    return PolicyError(name, f"line {token.line}, column {token.column}: {reason}")
