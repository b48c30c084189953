"""Find functions, methods, classes and properties that no product code names.

``python -m tools.dead_code`` runs vulture over the product, and leaves out names whose users
vulture cannot see: fields of records, which serializers read; functions that decorators register,
as views, commands and operations; functions that frameworks call by name; and those that the guides
tell a user to call. A function that only tests use is found, and goes.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from vulture import Vulture

ROOT = Path(__file__).parents[1]
PRODUCT = ("yoto", "app")
USERS = ("benchmarks", "examples", "tools", "config.py", "run.py", "wsgi.py")
GUIDES = ("README.md", "docs/**/*.md")
KINDS = {"class", "function", "method", "property", "unreachable_code"}
# Decorators that register a function with its caller.
REGISTERING = """
    @*.route @*.get @*.post @*.put @*.patch @*.delete @*.operation @*.command @*.errorhandler
    @*.before_request @*.before_app_request @*.after_request @*.app_context_processor
    @*.app_template_global @event.listens_for @compiles @click.command @command @*.listens_for @ma.*
""".split()
# Functions that Flask, marshmallow, apispec, webargs, SQLAlchemy, Alembic, Socket.IO, gunicorn and
# the standard library's servers call by name.
CALLED_BY_NAME = """
    __dir__ Meta _hit _openapi_json _recreate_cm _register_error_handlers _repr_args
    choices_text do_teardown_appcontext do_teardown_request downgrade get_wsgi_response
    load_config load_dialect_impl load_json makefile on_* process_bind_param process_response
    process_result_value readinto state_change upgrade
""".split()


def dead_code(root: Path = ROOT) -> list[str]:
    """Unused names that no guide mentions, as ``file:line: what``."""
    finder = Vulture(ignore_names=CALLED_BY_NAME, ignore_decorators=REGISTERING)
    finder.scavenge([root / one for one in (*PRODUCT, *USERS)], exclude=["*/static/*"])
    documented = _words(root)
    return [
        f"{item.filename.relative_to(root)}:{item.first_lineno}: unused {item.typ} {item.name}"
        for item in finder.get_unused_code(min_confidence=60)
        if item.typ in KINDS and item.name not in documented and _is_product(item.filename, root)
    ]


def _is_product(path: Path, root: Path) -> bool:
    return path.relative_to(root).parts[0] in PRODUCT


def _words(root: Path) -> set[str]:
    texts = (path.read_text() for pattern in GUIDES for path in root.glob(pattern))
    return {word for text in texts for word in re.findall(r"\w+", text)}


if __name__ == "__main__":
    found = dead_code()
    print(*found, sep="\n")
    sys.exit(f"{len(found)} names are used by nothing" if found else 0)
