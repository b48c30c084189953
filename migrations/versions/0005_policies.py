"""Policies, their versions, the revisions of the whole set, and what shadow evaluation saw.

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
OPTIONS = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def enum(name, *values):
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=16)


def upgrade() -> None:
    op.create_table(
        "policies",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("kind", enum("policykind", "rego", "data"), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("live_version", ID, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_policies"),
        sa.UniqueConstraint("kind", "name", name="uq_policies_kind_name"),
        **OPTIONS,
    )
    op.create_table(
        "policy_versions",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("policy_id", ID, nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.Column("source", LONG_TEXT, nullable=False),
        sa.Column("tests", LONG_TEXT, nullable=False),
        sa.Column("source_hash", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("comment", sa.String(length=500), server_default="", nullable=False),
        sa.Column(
            "state",
            enum("policystate", "live", "candidate", "retired", "dropped"),
            nullable=False,
        ),
        sa.Column("sample", sa.Float(), nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_policy_versions"),
        sa.UniqueConstraint("policy_id", "version", name="uq_policy_versions_policy_id_version"),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policies.id"], name="fk_policy_versions_policy_id"
        ),
        **OPTIONS,
    )
    op.create_table(
        "policy_revisions",
        sa.Column("revision", ID, autoincrement=False, nullable=False),
        sa.Column("kind", enum("policykind", "rego", "data"), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", ID, nullable=True),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("bundle", sa.String(length=64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("revision", name="pk_policy_revisions"),
        **OPTIONS,
    )
    op.create_table(
        "policy_shadow_counts",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("version_id", ID, nullable=False),
        sa.Column("instance", sa.String(length=128), nullable=False),
        sa.Column("evaluated", ID, nullable=False),
        sa.Column("errors", ID, nullable=False),
        sa.Column("flips", sa.JSON(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_policy_shadow_counts"),
        sa.UniqueConstraint(
            "version_id", "instance", name="uq_policy_shadow_counts_version_id_instance"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["policy_versions.id"], name="fk_policy_shadow_counts_version_id"
        ),
        **OPTIONS,
    )


def downgrade() -> None:
    for table in ("policy_shadow_counts", "policy_revisions", "policy_versions", "policies"):
        op.drop_table(table)
