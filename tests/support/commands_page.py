"""docs/commands.md, made of the declarations of the commands.

``tests/unit/docs/test_commands_page.py`` compares. After a change of a command::

    python -m tests.support.commands_page
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
from flask import Flask

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
HEAD = """\
# Commands

Every command of `flask`, with its options. This page is made of the declarations of the commands by
`python -m tests.support.commands_page`; `flask COMMAND --help` says more of each.

- **In the application of this repository** they are `.venv/bin/flask --app app COMMAND`, with the
  [settings](settings.md) that the workers have.
- **In an application that Yoto is [a guest in](embed.md)** `flask yoto` has `setup`, `db`,
  `guards` and `permission test`, and with the control plane the rest of `permission`,
  `applications`, `teams`, `operators`, and the groups of its [rooms](rooms.md), such as `policy`.
- They act with reasons and records in the audit log, as pages do, but check no right: users of the
  terminal are trusted. `--actor` says who that is where the name of the system's user does not.
- An option in **bold** is required. `--json` prints what programs read.
"""


def page(app: Flask) -> str:
    """The text of the page."""
    return "\n".join([HEAD, *_sections(app.cli)])


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Each command below a group, by what it is called with."""
    context = click.Context(group)
    for name in sorted(group.list_commands(context)):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")
        elif command is not None:
            yield f"{path}{name}", command


def _sections(top: click.Group) -> Iterator[str]:
    context = click.Context(top)
    for name in sorted(top.list_commands(context)):
        group = top.get_command(context, name)
        if isinstance(group, click.Group):
            yield f"## {name}\n"
            yield f"{group.get_short_help_str(500).rstrip('.')}.\n"
            yield "| command | what it does | options |\n|---|---|---|"
            for path, command in commands(group, f"{name} "):
                yield _row(path, command)
            yield ""


def _row(path: str, command: click.Command) -> str:
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    options = [one for one in command.params if isinstance(one, click.Option)]
    usage = " ".join(["flask", path, *map(_argument, arguments)])
    shown = ", ".join(_option(one) for one in options if one.name != "help")
    text = command.get_short_help_str(500).rstrip(".").replace("|", "\\|").replace("\n", " ")
    return f"| `{usage}` | {text} | {shown} |"


def _argument(argument: click.Argument) -> str:
    name = argument.human_readable_name
    many = f"{name} ..." if argument.nargs != 1 else name
    return many if argument.required else f"[{many}]"


def _option(option: click.Option) -> str:
    name = f"`{max(option.opts, key=len)}`"
    return f"**{name}**" if option.required else name


def main() -> None:
    """Write the page anew."""
    from app import create_app

    with tempfile.TemporaryDirectory() as folder:
        PAGE.write_text(page(create_app("testing", instance_path=folder)), encoding="utf-8")


if __name__ == "__main__":
    main()
