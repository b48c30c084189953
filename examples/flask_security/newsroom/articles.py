"""Articles: written ones, and those that are printed."""

from typing import Any

from flask import Blueprint, request
from flask_security import auth_required

from yoto import rate_limit, require_permission

from .models import Article, db

articles = Blueprint("articles", __name__, url_prefix="/articles")


@articles.get("")
def printed() -> list[dict[str, Any]]:
    found = db.session.scalars(db.select(Article).filter_by(published=True))
    return [{"id": one.id, "title": one.title} for one in found]


@articles.post("")
@auth_required("session", "token")
@require_permission("article.write")
@rate_limit("write")
def write() -> tuple[dict[str, int], int]:
    article = Article(title=request.get_json()["title"])
    db.session.add(article)
    db.session.commit()
    return {"id": article.id}, 201


@articles.post("/<int:number>/publish")
@auth_required("session", "token")
@require_permission("article.publish")
def publish(number: int) -> dict[str, bool]:
    article = db.get_or_404(Article, number)
    article.published = True
    db.session.commit()
    return {"published": True}
