"""``flask demo``: five people with passwords of their own, and something to read."""

import secrets

import click
from flask.cli import with_appcontext
from werkzeug.security import generate_password_hash

from yoto import Everyone, assign

from .models import Document, Member, Person, Project, Workspace, db

DOCUMENTS = {
    "Film": {
        "Script": "INT. KITCHEN, NIGHT. The kettle is the only one awake.",
        "Budget": "Cameras 4,000. Catering 6,500. We shall talk about that.",
        "Cast": "Two actors and a dog. The dog has asked for a trailer.",
        "Locations": "The kitchen, the pier, and the pier again in the rain.",
    },
    "Poster": {
        "Sketch": "A kettle, in red, on a very large white sheet.",
        "Printer": "Two weeks, if they have the file by Friday.",
    },
    "Handbook": {
        "Welcome": "Coffee is on the second floor. So is everybody else.",
        "Holidays": "Say so two weeks ahead. Nobody films in August.",
        "Safety": "Nothing that is hot is moved while somebody carries a light.",
    },
}


@click.command()
@with_appcontext
def demo() -> None:
    """Fill an empty database, and print how to sign in."""
    if db.session.query(Person).first() is not None:
        raise click.ClickException("there are people already")
    people = {}
    for name in ("Ann", "Bob", "Cleo", "Dan", "Eve"):
        password = secrets.token_urlsafe(9)
        hashed = generate_password_hash(password)
        people[name] = Person(name=name, password=hashed, operates=name == "Ann")
        click.echo(f"{name}: {password}")
    db.session.add_all(people.values())
    db.session.flush()
    studio = Workspace(name="Studio", owner_id=people["Ann"].id)
    db.session.add(studio)
    db.session.flush()
    members = [people[name].id for name in ("Ann", "Bob", "Cleo", "Dan")]
    db.session.add_all(Member(workspace_id=studio.id, person_id=one) for one in members)
    projects = {name: Project(name=name, workspace_id=studio.id) for name in DOCUMENTS}
    db.session.add_all(projects.values())
    db.session.flush()
    for project, documents in DOCUMENTS.items():
        for name, body in documents.items():
            author = people["Cleo" if name == "Sketch" else "Ann"]
            row = Document(
                name=name, body=body, project_id=projects[project].id, author_id=author.id
            )
            db.session.add(row)
    db.session.commit()
    assign(people["Bob"].id, "writer", at=("project", projects["Film"].id))
    everyone = Everyone("workspace", studio.id)
    assign(everyone, "reader", at=("project", projects["Handbook"].id))
