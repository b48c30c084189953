"""The acts of customers."""

from flask import Blueprint, request

from yoto import rate_limit

from .models import Order, db

orders = Blueprint("orders", __name__)


@orders.post("/orders")
@rate_limit("order")
def order() -> tuple[dict[str, int], int]:
    made = Order(title=request.form["title"])
    db.session.add(made)
    db.session.commit()
    return {"order": made.id}, 201
