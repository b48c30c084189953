"""The number of workers, where a source other than Redis knows it."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise

# The options of gunicorn's command line, in the form of argparse, which reads it.
NAMES = ("-w", "--workers")
NAME_AND_NUMBER = re.compile(r"(?:--workers=|-w=?)(\d+)")


def workers_here(configured: int) -> int:
    """The number of workers that this process belongs to, by ``workers_of``; 0: unknown."""
    gunicorn = sys.argv if "gunicorn.arbiter" in sys.modules else None
    # The module that uWSGI puts into the interpreters of its workers.
    uwsgi = getattr(sys.modules.get("uwsgi"), "numproc", 0)
    return workers_of(os.environ, configured, gunicorn, uwsgi)


def workers_of(
    environ: Mapping[str, str],
    configured: int,
    gunicorn: Sequence[str] | None = None,
    uwsgi: int = 0,
) -> int:
    """The number of workers by the setting, the server or the environment.

    The requested number counts, and not the children of a parent: those are fewer while they begin,
    and one that believes it is alone takes the whole of a limit.

    Args:
        environ: the environment.
        configured: the setting; 0: not set.
        gunicorn: the command line of gunicorn, which its workers inherit; None under other servers.
        uwsgi: the processes of uWSGI; 0 under other servers.

    Returns:
        The number; 0: unknown.
    """
    asked = 0
    if gunicorn is not None:
        # The order of gunicorn: https://docs.gunicorn.org/en/stable/configure.html. Its
        # configuration file is code, and reports by a hook.
        asked = _option([*shlex.split(environ.get("GUNICORN_CMD_ARGS", "")), *gunicorn[1:]])
    return configured or asked or uwsgi or _number(environ.get("WEB_CONCURRENCY", ""))


def _option(words: Sequence[str]) -> int:
    """The number of workers in the words of a command line, where the last option counts."""
    asked = 0
    for word, following in pairwise([*words, ""]):
        if word in NAMES:
            asked = _number(following)
        elif found := NAME_AND_NUMBER.fullmatch(word):
            asked = _number(found[1])
    return asked


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
