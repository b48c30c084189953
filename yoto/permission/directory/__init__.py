"""People whom a function of the application knows, and what it said of them."""

from yoto.permission.directory.directory import (
    EXTENSION,
    Directory,
    directory_of,
    is_kept,
    renew_people,
)

__all__ = ["EXTENSION", "Directory", "directory_of", "is_kept", "renew_people"]
