"""What the revision of the schema `knowledge` adds beside its tables: policies, grants, triggers.

People never read these tables themselves: searches run for a person through the service, which applies the list of
who may see a document in the same statement as the ranking.
"""

from collections.abc import Iterator

from belvedere.migrations.ground import read_sql
from belvedere.migrations.policies import TenantTable, tenant_policies

TENANTS: tuple[TenantTable, ...] = tuple(
    TenantTable(f"knowledge.{name}", person_verbs="")
    for name in (
        "knowledge_documents",
        "knowledge_chunks",
        "knowledge_models",
        "knowledge_embeddings",
        "knowledge_metadata",
    )
)
STAMPED = ("knowledge_documents", "knowledge_models")


def statements() -> Iterator[str]:
    """In the order they run, after the tables are made."""
    yield read_sql("0004_knowledge.sql")
    for name in STAMPED:
        yield (
            f"CREATE TRIGGER update_{name}_updated_at BEFORE UPDATE ON knowledge.{name} FOR EACH ROW"
            " EXECUTE FUNCTION core.update_updated_at_column()"
        )
    for table in TENANTS:
        nobody = f"GRANT  ON {table.name} TO authenticated"
        yield from (statement for statement in tenant_policies(table) if statement != nobody)
