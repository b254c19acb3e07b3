"""Documents, their chunks with embeddings, and metadata to filter by."""

from sqlalchemy import (
    ARRAY,
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR, UUID

from belvedere.core.schema import (
    belongs_to,
    created_at,
    derived,
    document,
    instant,
    metadata,
    one_of,
    tenant,
    updated_at,
    uuid_key,
)
from belvedere.knowledge.contracts import DocumentStatus, SearchConfig, Visibility


def vector_expression() -> str:
    """SQL of a chunk's search vector.

    The configuration is a word and not a `regconfig`: a column of that type would stop pg_upgrade, and a cast from text
    is not immutable.
    """
    words = "heading || ' ' || content"
    named = [word for word in SearchConfig if word is not SearchConfig.SIMPLE]
    cases = " ".join(f"WHEN '{word}' THEN to_tsvector('pg_catalog.{word}', {words})" for word in named)
    return f"CASE search_config {cases} ELSE to_tsvector('pg_catalog.simple', {words}) END"


knowledge_documents = Table(
    "knowledge_documents",
    metadata,
    uuid_key(),
    tenant(),
    Column("source", Text, nullable=False, comment="Where the document lives: upload, web, shopify, chatwoot and so on."),
    Column("external_id", Text, nullable=False, comment="Key of the document at its source."),
    Column("uri", Text, comment="Address to open it; NULL when it has none."),
    Column("title", Text, nullable=False, comment="Title as people know it."),
    Column("mime_type", Text, nullable=False, server_default=text("'text/plain'"), comment="Media type of the original."),
    Column("content_hash", Text, nullable=False, comment="SHA-256 of the normalised text in hex; equal text is not indexed twice."),
    Column("version", Integer, nullable=False, server_default=text("1"), comment="Counts up with every change of the text, from 1."),
    Column("language", Text, nullable=False, server_default=text("'und'"), comment="BCP 47 tag of the text; und when it is not known."),
    Column("status", Text, nullable=False, server_default=text("'pending'"), comment="pending, ready, failed, superseded or deleted; only ready versions are searched."),
    Column("error_message", Text, comment="Why indexing failed; NULL otherwise."),
    instant("deleted_at", comment="When it was removed at its source; the row stays as a tombstone, its chunks go. NULL while it lives."),
    Column("visibility", Text, nullable=False, server_default=text("'staff'"), comment="Who may be answered from it: staff, everybody of the client, or the listed people and roles."),
    Column("allowed_users", ARRAY(UUID(as_uuid=True)), nullable=False, server_default=text("'{}'"), comment="People of a listed document."),
    Column("allowed_roles", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="Roles of a listed document."),
    Column("size_bytes", BigInteger, nullable=False, server_default=text("0"), comment="Size of the original in bytes."),
    Column("added_by", UUID(as_uuid=True), ForeignKey("core.users.id"), comment="Who added it; NULL when a sync did."),
    instant("source_updated_at", comment="When the source says it last changed; NULL when it does not say."),
    instant("fetched_at", now=True, comment="When this version was read (UTC)."),
    instant("indexed_at", comment="When its chunks were complete (UTC); NULL until then."),
    created_at(),
    updated_at(),
    UniqueConstraint("client_id", "id"),
    UniqueConstraint("client_id", "source", "external_id", "version"),
    CheckConstraint(one_of("status", DocumentStatus), name="status_known"),
    CheckConstraint(one_of("visibility", Visibility), name="visibility_known"),
    CheckConstraint("source <> '' AND external_id <> ''", name="origin_not_blank"),
    CheckConstraint("content_hash ~ '^[0-9a-f]{64}$'", name="content_hash_is_sha256"),
    CheckConstraint("version >= 1", name="version_positive"),
    CheckConstraint("size_bytes >= 0", name="size_not_negative"),
    CheckConstraint("(status = 'deleted') = (deleted_at IS NOT NULL)", name="tombstone_has_time"),
    CheckConstraint("status <> 'failed' OR error_message IS NOT NULL", name="failed_says_why"),
    CheckConstraint("status <> 'ready' OR indexed_at IS NOT NULL", name="ready_is_indexed"),
    CheckConstraint(
        "visibility = 'listed' OR (cardinality(allowed_users) = 0 AND cardinality(allowed_roles) = 0)",
        name="only_listed_has_list",
    ),
    Index(
        "uq_knowledge_documents_one_ready", "client_id", "source", "external_id", unique=True,
        postgresql_where=text("status = 'ready'"),
    ),
    Index("ix_knowledge_documents_client_id_created_at", "client_id", text("created_at DESC"), text("id DESC")),
    Index("ix_knowledge_documents_client_id_content_hash", "client_id", "content_hash"),
    Index("ix_knowledge_documents_added_by", "added_by"),
    schema="knowledge",
    comment="Source documents, one row for each version; a removed one stays as a tombstone without its text.",
)  # fmt: skip

knowledge_chunks = Table(
    "knowledge_chunks",
    metadata,
    uuid_key(),
    tenant(checked=False),
    Column("document_id", UUID(as_uuid=True), nullable=False, comment="The version of the document it is cut from."),
    Column("position", Integer, nullable=False, comment="Place in the document, from 0."),
    Column("start_offset", Integer, nullable=False, comment="First character in the normalised text, from 0."),
    Column("end_offset", Integer, nullable=False, comment="Character after the last one; citations point into this range."),
    Column("heading", Text, nullable=False, server_default=text("''"), comment="Path of headings above it; searched with the text."),
    Column("content", Text, nullable=False, comment="The text, word for word as in the document."),
    Column("token_count", Integer, nullable=False, comment="Length in tokens, as the chunker counts them."),
    Column("search_config", Text, nullable=False, server_default=text("'simple'"), comment="Text search configuration of its language; simple knows none."),
    derived("search_vector", vector_expression(), kind=TSVECTOR(), comment="Words of heading and text for full text search."),
    created_at(),
    UniqueConstraint("client_id", "id"),
    UniqueConstraint("client_id", "document_id", "position"),
    belongs_to("document_id", "knowledge.knowledge_documents", name="fk_knowledge_chunks_document", ondelete="CASCADE"),
    CheckConstraint(one_of("search_config", SearchConfig), name="search_config_known"),
    CheckConstraint("position >= 0", name="position_not_negative"),
    CheckConstraint("start_offset >= 0 AND end_offset > start_offset", name="offsets_in_order"),
    CheckConstraint("length(content) BETWEEN 1 AND 50000", name="content_length"),
    CheckConstraint("token_count >= 1", name="token_count_positive"),
    Index("ix_knowledge_chunks_search_vector", "search_vector", postgresql_using="gin"),
    schema="knowledge",
    comment="Pieces of a document with their places in it, searched by word and by meaning.",
)  # fmt: skip

knowledge_models = Table(
    "knowledge_models",
    metadata,
    uuid_key(),
    tenant(),
    Column("model_id", Text, nullable=False, comment="Name of the embedding model with its version."),
    Column("dims", Integer, nullable=False, comment="Numbers in each of its vectors; fixed for a model."),
    Column("is_serving", Boolean, nullable=False, server_default=text("false"), comment="Whether searches use it; at most one for each client, so that a new model fills up before it takes over."),
    document("settings", comment="How it is called: prefixes, normalisation, batch size."),
    created_at(),
    updated_at(),
    UniqueConstraint("client_id", "id"),
    UniqueConstraint("client_id", "model_id"),
    UniqueConstraint("client_id", "model_id", "dims"),
    CheckConstraint("model_id <> ''", name="model_id_not_blank"),
    CheckConstraint("dims BETWEEN 1 AND 8192", name="dims_range"),
    Index("uq_knowledge_models_one_serving", "client_id", unique=True, postgresql_where=text("is_serving")),
    schema="knowledge",
    comment="Embedding models in use, and which of them answers searches.",
)  # fmt: skip

knowledge_embeddings = Table(
    "knowledge_embeddings",
    metadata,
    tenant(checked=False),
    Column("chunk_id", UUID(as_uuid=True), nullable=False, comment="The chunk it stands for."),
    Column("model_id", Text, nullable=False, comment="The model that made it; vectors of two models are never compared."),
    Column("dims", Integer, nullable=False, comment="Numbers in the vector, as its model has them."),
    Column("embedding", ARRAY(REAL), nullable=False, comment="The vector; a plain array, so that no extension is needed."),
    Column("content_hash", Text, nullable=False, comment="SHA-256 in hex of the text it was made from; another text needs another vector."),
    created_at(),
    PrimaryKeyConstraint("client_id", "chunk_id", "model_id"),
    belongs_to("chunk_id", "knowledge.knowledge_chunks", name="fk_knowledge_embeddings_chunk", ondelete="CASCADE"),
    ForeignKeyConstraint(
        ["client_id", "model_id", "dims"],
        [f"knowledge.knowledge_models.{column}" for column in ("client_id", "model_id", "dims")],
        name="fk_knowledge_embeddings_model",
        ondelete="CASCADE",
    ),
    CheckConstraint("array_ndims(embedding) = 1 AND array_length(embedding, 1) = dims", name="embedding_fits_dims"),
    CheckConstraint("array_position(embedding, NULL) IS NULL", name="embedding_is_whole"),
    CheckConstraint("content_hash ~ '^[0-9a-f]{64}$'", name="content_hash_is_sha256"),
    Index("ix_knowledge_embeddings_client_id_model_id", "client_id", "model_id", "dims"),
    schema="knowledge",
    comment="One vector for each chunk and model.",
)  # fmt: skip

knowledge_metadata = Table(
    "knowledge_metadata",
    metadata,
    uuid_key(),
    tenant(checked=False),
    Column("document_id", UUID(as_uuid=True), nullable=False, comment="The document it describes."),
    Column("key", Text, nullable=False, comment="What is said: author, topic, product, valid_until and so on."),
    Column("position", Integer, nullable=False, server_default=text("0"), comment="Place among several values of one key, from 0."),
    Column("value_text", Text, comment="A word or text; NULL when the value is a number or a date."),
    Column("value_number", Numeric(), comment="A number; NULL when the value is a text or a date."),
    Column("value_date", Date, comment="A day; NULL when the value is a text or a number."),
    created_at(),
    UniqueConstraint("client_id", "document_id", "key", "position"),
    belongs_to("document_id", "knowledge.knowledge_documents", name="fk_knowledge_metadata_document", ondelete="CASCADE"),
    CheckConstraint("key <> ''", name="key_not_blank"),
    CheckConstraint("position >= 0", name="position_not_negative"),
    CheckConstraint("num_nonnulls(value_text, value_number, value_date) = 1", name="one_value"),
    Index("ix_knowledge_metadata_client_id_key_value_text", "client_id", "key", "value_text"),
    Index("ix_knowledge_metadata_client_id_key_value_number", "client_id", "key", "value_number", postgresql_where=text("value_number IS NOT NULL")),
    Index("ix_knowledge_metadata_client_id_key_value_date", "client_id", "key", "value_date", postgresql_where=text("value_date IS NOT NULL")),
    schema="knowledge",
    comment="What is known about a document, one value a row, to filter searches by.",
)  # fmt: skip
