"""Roles that are held at a node and not below it: earlier code does not take their nodes for
nodes, and so grants nothing by them. Going back deletes them, as that code could not show or
revoke them.

Revision: 0014
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The column has room for them."""


def downgrade() -> None:
    op.execute("DELETE FROM yoto_role_assignments WHERE node LIKE '!%'")
