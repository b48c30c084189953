"""Fields of the permission system under the names that callers of the API know them by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from yoto.errors import UnknownResource, ValidationFailed


@contextmanager
def api_names(fields: Mapping[str, str]) -> Iterator[None]:
    """Report a field's error by the field's name in the API.

    Args:
        fields: names in the permission system to names in the API; others are the same in both.

    Raises:
        ValidationFailed: renamed, in place of the one raised inside.
    """
    try:
        yield
    except UnknownResource:
        raise
    except ValidationFailed as error:
        renamed = {fields.get(field, field): texts for field, texts in error.errors.items()}
        raise ValidationFailed(renamed) from error
