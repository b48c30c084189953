"""``flask control break-glass``: the token for when no other sign-in works."""

from __future__ import annotations

import click

from app.auth import break_glass


@click.command("break-glass")
def make_break_glass_token() -> None:
    """Make a token that opens the control plane when database or permissions are down.

    It is shown once and stored nowhere; the hash takes effect in processes that start with it.
    """
    token, hashed = break_glass.new_token()
    click.echo(f"Token, shown this once: {token}")
    click.echo("Keep it sealed, where several people can get at it. To enable it:")
    click.echo(f"YOTO_BREAK_GLASS_HASH={hashed}")
