"""``flask seed``: demo data and access matrices."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from app.cli.seed.demo import seed_demo, show_accounts
from app.cli.seed.matrix import import_matrix
from yoto.errors import ValidationFailed
from yoto.store.db import writing

seed = AppGroup("seed", help="Fill the database.")


@seed.command("demo")
def demo() -> None:
    """Make the demo servers and people; what is there already stays as it is."""
    with writing():
        accounts = seed_demo()
    if accounts:
        show_accounts(accounts)
    else:
        click.echo("The demo is there already.")


@seed.command("matrix")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="Prefix of the users and permissions; the file's name by default.")
def matrix(file: Path, name: str | None) -> None:
    """Import an access matrix: lines of 'user permission', each a name or a number from 1."""
    try:
        with writing():
            report = import_matrix(file, name or file.stem, progress=click.progressbar)
    except ValidationFailed as error:
        raise click.ClickException(str(error)) from None
    click.echo(
        f"{report.pairs} pairs: {report.users} users, {report.permissions} permissions, "
        f"{report.roles} roles, {report.seconds:.2f} s ({report.pairs / report.seconds:,.0f}/s)"
    )
