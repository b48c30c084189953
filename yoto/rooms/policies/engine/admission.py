"""Requirements for a bundle: on the engine that is going to run it, or on every engine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

from yoto.rooms.policies.bundle import Bundle
from yoto.rooms.policies.portable import check_costs, check_portable
from yoto.rooms.policies.rego import Syntax, syntax_of
from yoto.rooms.policies.sources import EVERY_FORM, check_bundle

# Bundles that were admitted last: the same one is put, tried and promoted over and over, and
# checking it takes four fifths of compiling it.
MOST_ADMITTED = 4

Sources = tuple[tuple[str, str], ...]


def admit(bundle: Bundle, exact: frozenset[str] = frozenset()) -> None:
    """Refuse features that an engine lacks, or evaluates differently from another.

    Args:
        exact: see ``check_bundle``; none: the bundle is for every engine.

    Tests may use features that engines read differently: they decide nothing, and must hold where
    they run.

    Raises:
        PolicyError: the first fault, with line and column.
    """
    modules, tests = tuple(bundle.modules.items()), tuple(bundle.tests.items())
    _admit(modules, tests, bundle.data_json, exact)


@lru_cache(maxsize=MOST_ADMITTED)
def _admit(modules: Sources, tests: Sources, data_json: str, exact: frozenset[str]) -> None:
    """Takes the whole contents as its key: the bundle's version is too short to be trusted."""
    bundle = Bundle(dict(modules), dict(tests), json.loads(data_json))
    check_bundle(bundle, exact)
    check_forms(syntax_of(bundle.modules), exact)


def check_forms(trees: Mapping[str, Syntax], exact: frozenset[str]) -> None:
    """Refuse forms that the engine at hand may read differently, or at any cost.

    Raises:
        PolicyError: the first such form, with line and column.
    """
    if EVERY_FORM in exact:
        check_costs(trees)
    else:
        check_portable(trees, exact)
