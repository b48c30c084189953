"""API tokens know the epoch of their owner: they end with what ends the owner's sessions.

Revision: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# No account is in it: what was disabled before this stays ended when it is enabled again.
ENDED = -1


def upgrade() -> None:
    with op.batch_alter_table("api_tokens") as table:
        table.add_column(sa.Column("epoch", ID, nullable=False, server_default=str(ENDED)))
    op.execute(
        "UPDATE api_tokens SET epoch = (SELECT users.token_epoch FROM users "
        "WHERE users.id = api_tokens.user_id) WHERE user_id IN "
        "(SELECT id FROM users WHERE disabled = 0)"
    )
    with op.batch_alter_table("api_tokens") as table:
        table.alter_column("epoch", existing_type=ID, existing_nullable=False, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("api_tokens") as table:
        table.drop_column("epoch")
