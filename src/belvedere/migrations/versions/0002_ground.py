"""The ground for the whole database: schemas, plans of monthly parts, logs in parts"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from belvedere.migrations import ground

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_all(ground.schemas())
    put_logs_aside("unparted_logs")
    create_plans()
    create_logs()
    run_all(ground.statements())
    bring_logs_back()


def run_all(statements) -> None:
    for statement in statements:
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))


def put_logs_aside(name: str) -> None:
    run_all((
        f"ALTER TABLE core.observability_logs RENAME TO {name}",
        f"ALTER INDEX core.pk_observability_logs RENAME TO pk_{name}",
        f"ALTER INDEX core.ix_observability_logs_created_at RENAME TO ix_{name}_created_at",
        f"ALTER INDEX core.ix_observability_logs_level_created_at RENAME TO ix_{name}_level_created_at",
    ))


def bring_logs_back() -> None:
    connection = op.get_bind()
    run_all(("ALTER TABLE core.unparted_logs NO FORCE ROW LEVEL SECURITY",))
    # A line with a wild time stays in the default part instead of asking for thousands of months.
    first = connection.execute(sa.text(
        "SELECT greatest(min(created_at), now() - interval '5 years')::date FROM core.unparted_logs"
        " HAVING min(created_at) IS NOT NULL")).scalar()
    if first is not None:
        connection.execute(sa.text(
            "SELECT core.ensure_partitions(:first, 1 + (extract(year FROM age(now(), :first)) * 12"
            " + extract(month FROM age(now(), :first)))::int)"), {"first": first})
    carry_logs("core.unparted_logs")


def carry_logs(source: str) -> None:
    """Row policies bind the owner too, so both tables are opened to it for the copy, and the rows are counted."""
    connection = op.get_bind()
    for table in (source, "core.observability_logs"):
        run_all((f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",))
    columns = "id, client_id, created_at, level, logger, message, context, correlation_id, process"
    before = connection.execute(sa.text(f"SELECT count(*) FROM {source}")).scalar()
    connection.execute(sa.text(f"INSERT INTO core.observability_logs ({columns}) SELECT {columns} FROM {source}"))
    after = connection.execute(sa.text("SELECT count(*) FROM core.observability_logs")).scalar()
    if before != after:
        raise RuntimeError(f"{before} log lines became {after}")
    run_all(("ALTER TABLE core.observability_logs FORCE ROW LEVEL SECURITY", f"DROP TABLE {source}"))


def create_plans() -> None:
    op.create_table('partition_plans',
    sa.Column('table_name', sa.Text(), nullable=False, comment='The partitioned table, as schema.table.'),
    sa.Column('key_kind', sa.Text(), nullable=False, comment='time: a timestamp; uuid7: the time inside a UUIDv7 key.'),
    sa.Column('key_column', sa.Text(), nullable=False, comment='The column whose months part the table.'),
    sa.Column('months_ahead', sa.Integer(), server_default=sa.text('4'), nullable=False, comment='Months made before they come.'),
    sa.Column('retention_months', sa.Integer(), nullable=True, comment='Whole months kept; NULL keeps them for ever.'),
    sa.Column('before_drop', sa.Text(), nullable=True, comment='Function (regclass) that keeps what must outlive a month, called before its part is dropped.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("key_kind IN ('time', 'uuid7')", name=op.f('ck_partition_plans_key_kind_known')),
    sa.CheckConstraint('months_ahead BETWEEN 1 AND 24', name=op.f('ck_partition_plans_months_ahead_range')),
    sa.CheckConstraint('retention_months >= 1', name=op.f('ck_partition_plans_retention_months_positive')),
    sa.PrimaryKeyConstraint('table_name', name=op.f('pk_partition_plans')),
    schema='core',
    comment='Which tables are parted by month, how far ahead parts are made, and how long they are kept.'
    )


def create_logs() -> None:
    op.create_table('observability_logs',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('level', sa.Text(), nullable=False, comment='DEBUG, INFO, WARN, ERROR or CRITICAL.'),
    sa.Column('logger', sa.Text(), nullable=False, comment='The part of the program that spoke.'),
    sa.Column('message', sa.Text(), nullable=False, comment='What happened, with secrets and addresses masked.'),
    sa.Column('context', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='Named values of the line, masked.'),
    sa.Column('correlation_id', sa.Text(), nullable=True, comment='The request or job the line belongs to.'),
    sa.Column('process', sa.Text(), nullable=True, comment='The process that wrote it.'),
    sa.CheckConstraint("level IN ('DEBUG', 'INFO', 'WARN', 'ERROR', 'CRITICAL')", name=op.f('ck_observability_logs_level_known')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_observability_logs_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', 'created_at', name=op.f('pk_observability_logs')),
    schema='core',
    comment='System logs with secrets and addresses masked; people read INFO and WARN, the service role all.',
    postgresql_partition_by='RANGE (created_at)'
    )
    op.create_index('ix_observability_logs_created_at', 'observability_logs', ['created_at'], unique=False, schema='core')
    op.create_index('ix_observability_logs_level_created_at', 'observability_logs', ['level', 'created_at'], unique=False, schema='core')


def downgrade() -> None:
    put_logs_aside("parted_logs")
    create_plain_logs()
    run_all(ground.log_policies())
    carry_logs("core.parted_logs")
    run_all(ground.undo())


def create_plain_logs() -> None:
    op.create_table('observability_logs',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('level', sa.Text(), nullable=False),
    sa.Column('logger', sa.Text(), nullable=False),
    sa.Column('message', sa.Text(), nullable=False),
    sa.Column('context', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
    sa.Column('correlation_id', sa.Text(), nullable=True),
    sa.Column('process', sa.Text(), nullable=True),
    sa.CheckConstraint("level IN ('DEBUG', 'INFO', 'WARN', 'ERROR', 'CRITICAL')", name=op.f('ck_observability_logs_level_known')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_observability_logs_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_observability_logs')),
    schema='core',
    comment='System logs with secrets and addresses masked; people read INFO and WARN, the service role all.'
    )
    op.create_index('ix_observability_logs_created_at', 'observability_logs', ['created_at'], unique=False, schema='core')
    op.create_index('ix_observability_logs_level_created_at', 'observability_logs', ['level', 'created_at'], unique=False, schema='core')
