"""The number of workers, where something beside Redis knows it."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise

# As argparse takes them, which gunicorn reads its command line with.
NAMES = ("-w", "--workers")
NAME_AND_NUMBER = re.compile(r"(?:--workers=|-w=?)(\d+)")


def workers_here(configured: int) -> int:
    """How many workers this process is one of, as ``workers_of`` finds it; 0: not known."""
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
    """How many workers the setting, the server or the environment says that there are.

    The number that was asked for counts, and not the children that a parent has: those are fewer
    while they begin, and one that believes to be alone has the whole of a limit.

    Args:
        environ: the environment.
        configured: the setting; 0: it says nothing.
        gunicorn: the command line of gunicorn, which its workers inherit; None under other servers.
        uwsgi: the processes of uWSGI; 0 under other servers.

    Returns:
        The number; 0: none says.
    """
    asked = 0
    if gunicorn is not None:
        # Its order: https://docs.gunicorn.org/en/stable/configure.html. Its configuration file
        # is code, and tells by a hook.
        asked = _option([*shlex.split(environ.get("GUNICORN_CMD_ARGS", "")), *gunicorn[1:]])
    return configured or asked or uwsgi or _number(environ.get("WEB_CONCURRENCY", ""))


def _option(words: Sequence[str]) -> int:
    """The number of workers in the words of a command line, of which the last counts."""
    asked = 0
    for word, following in pairwise([*words, ""]):
        if word in NAMES:
            asked = _number(following)
        elif found := NAME_AND_NUMBER.fullmatch(word):
            asked = _number(found[1])
    return asked


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
