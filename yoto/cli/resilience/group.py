"""The group, and what its commands share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask.cli import AppGroup

from yoto.errors import PlatformError, VersionConflict
from yoto.resilience import Kind, ResilienceController, get_resilience_controller

resilience = AppGroup("resilience", help="See and steer guards, configuration and switches.")

KIND = click.Choice([kind.value for kind in Kind])
GUARD_KIND = click.Choice([Kind.CIRCUIT_BREAKER.value, Kind.RATE_LIMIT.value, Kind.BULKHEAD.value])


@contextmanager
def controlling() -> Iterator[ResilienceController]:
    """The controller for one command; errors of the platform become errors of the command."""
    controller = get_resilience_controller()
    if not controller.enabled:
        click.echo("RESILIENCE_ENABLED is false: every guard lets all in.", err=True)
    try:
        yield controller
    except VersionConflict as error:
        raise click.ClickException(
            f"somebody else changed the entry: it is at version {error.current_version} by now "
            f"with {json.dumps(error.current)}"
        ) from None
    except PlatformError as error:
        raise click.ClickException(str(error)) from None
    finally:
        controller.close()
