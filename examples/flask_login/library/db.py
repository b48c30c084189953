"""The database: a session for each request, and no other extension."""

from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Session, scoped_session, sessionmaker

session: scoped_session[Session] = scoped_session(sessionmaker())


class Base(DeclarativeBase):
    pass


def connect(app: Flask, url: str) -> None:
    engine = create_engine(url)
    session.configure(bind=engine)
    Base.metadata.create_all(engine)

    @app.teardown_appcontext
    def give_back(error: BaseException | None) -> None:
        session.remove()
