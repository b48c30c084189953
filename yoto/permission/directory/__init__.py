"""Functions of the application that report about people and resources, and their reports."""

from yoto.permission.directory.attributes import ProvidedAttributes
from yoto.permission.directory.directory import (
    EXTENSION,
    Directory,
    Providers,
    directory_of,
    is_kept,
    renew_people,
    roles_of,
)

__all__ = [
    "EXTENSION",
    "Directory",
    "ProvidedAttributes",
    "Providers",
    "directory_of",
    "is_kept",
    "renew_people",
    "roles_of",
]
