"""The pages of the shop."""

from flask import Blueprint, abort, request

from yoto import circuit_breaker, rate_limit

books = Blueprint("books", __name__)
TITLES = {1: "Small Gods", 2: "The Dispossessed", 3: "Piranesi"}


@books.get("/search")
@rate_limit("search")
def search() -> dict[str, list[str]]:
    words = request.args.get("q", "").lower()
    return {"found": [title for title in TITLES.values() if words in title.lower()]}


@books.get("/books/<int:number>/stock")
def stock(number: int) -> dict[str, int]:
    if number not in TITLES:
        abort(404)
    return {"copies": copies_of(number)}


@circuit_breaker("warehouse", fallback=lambda number: 0)
def copies_of(number: int) -> int:
    if number == 3:
        raise ConnectionError("the warehouse does not answer")
    return 7
