"""The base of extensions that give each application a part of its own."""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from flask import Flask, current_app

T = TypeVar("T")


class Extension(Generic[T]):
    """``x = X()``, then ``x.init_app(app, ...)``, which keeps a part of the type ``T`` in ``app``.

    The object holds nothing of an application, so that it serves any number of them.

    Attributes:
        key: the part's key in ``app.extensions``.
    """

    key: ClassVar[str]

    @classmethod
    def keep(cls, app: Flask, part: T) -> None:
        """Make ``part`` the part of ``app``; for ``init_app``."""
        app.extensions[cls.key] = part

    @classmethod
    def of(cls, app: Flask) -> T:
        """The part of ``app``.

        Raises:
            RuntimeError: ``init_app`` was not called for it.
        """
        found: T | None = app.extensions.get(cls.key)
        if found is None:
            raise RuntimeError(
                f"this application has no '{cls.key}': call Yoto(app) first, or"
                f" {cls.__name__}().init_app(app, ...) where you wire parts one by one"
            )
        return found

    @classmethod
    def is_in(cls, app: Flask) -> bool:
        """Whether ``init_app`` was called for ``app``."""
        return cls.key in app.extensions

    @property
    def current(self) -> T:
        """The part of the current application; raises as ``of``."""
        return self.of(current_app)
