"""Knowledge: documents, chunks, metadata"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from belvedere.migrations import knowledge

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_tables()
    for statement in knowledge.statements():
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))


def create_tables() -> None:
    op.create_table('knowledge_documents',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('source', sa.Text(), nullable=False, comment='Where the document lives: upload, web, shopify, chatwoot and so on.'),
    sa.Column('external_id', sa.Text(), nullable=False, comment='Key of the document at its source.'),
    sa.Column('uri', sa.Text(), nullable=True, comment='Address to open it; NULL when it has none.'),
    sa.Column('title', sa.Text(), nullable=False, comment='Title as people know it.'),
    sa.Column('mime_type', sa.Text(), server_default=sa.text("'text/plain'"), nullable=False, comment='Media type of the original.'),
    sa.Column('content_hash', sa.Text(), nullable=False, comment='SHA-256 of the normalised text in hex; equal text is not indexed twice.'),
    sa.Column('version', sa.Integer(), server_default=sa.text('1'), nullable=False, comment='Counts up with every change of the text, from 1.'),
    sa.Column('language', sa.Text(), server_default=sa.text("'und'"), nullable=False, comment='BCP 47 tag of the text; und when it is not known.'),
    sa.Column('status', sa.Text(), server_default=sa.text("'pending'"), nullable=False, comment='pending, ready, failed, superseded or deleted; only ready versions are searched.'),
    sa.Column('error_message', sa.Text(), nullable=True, comment='Why indexing failed; NULL otherwise.'),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True, comment='When it was removed at its source; the row stays as a tombstone, its chunks go. NULL while it lives.'),
    sa.Column('visibility', sa.Text(), server_default=sa.text("'staff'"), nullable=False, comment='Who may be answered from it: staff, everybody of the client, or the listed people and roles.'),
    sa.Column('allowed_users', sa.ARRAY(sa.UUID()), server_default=sa.text("'{}'"), nullable=False, comment='People of a listed document.'),
    sa.Column('allowed_roles', sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False, comment='Roles of a listed document.'),
    sa.Column('size_bytes', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Size of the original in bytes.'),
    sa.Column('added_by', sa.UUID(), nullable=True, comment='Who added it; NULL when a sync did.'),
    sa.Column('source_updated_at', sa.DateTime(timezone=True), nullable=True, comment='When the source says it last changed; NULL when it does not say.'),
    sa.Column('fetched_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When this version was read (UTC).'),
    sa.Column('indexed_at', sa.DateTime(timezone=True), nullable=True, comment='When its chunks were complete (UTC); NULL until then.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("(status = 'deleted') = (deleted_at IS NOT NULL)", name=op.f('ck_knowledge_documents_tombstone_has_time')),
    sa.CheckConstraint("content_hash ~ '^[0-9a-f]{64}$'", name=op.f('ck_knowledge_documents_content_hash_is_sha256')),
    sa.CheckConstraint("source <> '' AND external_id <> ''", name=op.f('ck_knowledge_documents_origin_not_blank')),
    sa.CheckConstraint("status <> 'failed' OR error_message IS NOT NULL", name=op.f('ck_knowledge_documents_failed_says_why')),
    sa.CheckConstraint("status <> 'ready' OR indexed_at IS NOT NULL", name=op.f('ck_knowledge_documents_ready_is_indexed')),
    sa.CheckConstraint("status IN ('pending', 'ready', 'failed', 'superseded', 'deleted')", name=op.f('ck_knowledge_documents_status_known')),
    sa.CheckConstraint("visibility = 'listed' OR (cardinality(allowed_users) = 0 AND cardinality(allowed_roles) = 0)", name=op.f('ck_knowledge_documents_only_listed_has_list')),
    sa.CheckConstraint("visibility IN ('staff', 'client', 'listed')", name=op.f('ck_knowledge_documents_visibility_known')),
    sa.CheckConstraint('size_bytes >= 0', name=op.f('ck_knowledge_documents_size_not_negative')),
    sa.CheckConstraint('version >= 1', name=op.f('ck_knowledge_documents_version_positive')),
    sa.ForeignKeyConstraint(['added_by'], ['core.users.id'], name=op.f('fk_knowledge_documents_added_by_users')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_knowledge_documents_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_knowledge_documents')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_knowledge_documents_client_id_id')),
    sa.UniqueConstraint('client_id', 'source', 'external_id', 'version', name=op.f('uq_knowledge_documents_client_id_source_external_id_version')),
    schema='knowledge',
    comment='Source documents, one row for each version; a removed one stays as a tombstone without its text.'
    )
    op.create_index('ix_knowledge_documents_added_by', 'knowledge_documents', ['added_by'], unique=False, schema='knowledge')
    op.create_index('ix_knowledge_documents_client_id_content_hash', 'knowledge_documents', ['client_id', 'content_hash'], unique=False, schema='knowledge')
    op.create_index('ix_knowledge_documents_client_id_created_at', 'knowledge_documents', ['client_id', sa.literal_column('created_at DESC'), sa.literal_column('id DESC')], unique=False, schema='knowledge')
    op.create_index('uq_knowledge_documents_one_ready', 'knowledge_documents', ['client_id', 'source', 'external_id'], unique=True, schema='knowledge', postgresql_where=sa.text("status = 'ready'"))
    op.create_table('knowledge_models',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('model_id', sa.Text(), nullable=False, comment='Name of the embedding model with its version.'),
    sa.Column('dims', sa.Integer(), nullable=False, comment='Numbers in each of its vectors; fixed for a model.'),
    sa.Column('is_serving', sa.Boolean(), server_default=sa.text('false'), nullable=False, comment='Whether searches use it; at most one for each client, so that a new model fills up before it takes over.'),
    sa.Column('settings', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='How it is called: prefixes, normalisation, batch size.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("model_id <> ''", name=op.f('ck_knowledge_models_model_id_not_blank')),
    sa.CheckConstraint('dims BETWEEN 1 AND 8192', name=op.f('ck_knowledge_models_dims_range')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_knowledge_models_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_knowledge_models')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_knowledge_models_client_id_id')),
    sa.UniqueConstraint('client_id', 'model_id', 'dims', name=op.f('uq_knowledge_models_client_id_model_id_dims')),
    sa.UniqueConstraint('client_id', 'model_id', name=op.f('uq_knowledge_models_client_id_model_id')),
    schema='knowledge',
    comment='Embedding models in use, and which of them answers searches.'
    )
    op.create_index('uq_knowledge_models_one_serving', 'knowledge_models', ['client_id'], unique=True, schema='knowledge', postgresql_where=sa.text('is_serving'))
    op.create_table('knowledge_chunks',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('document_id', sa.UUID(), nullable=False, comment='The version of the document it is cut from.'),
    sa.Column('position', sa.Integer(), nullable=False, comment='Place in the document, from 0.'),
    sa.Column('start_offset', sa.Integer(), nullable=False, comment='First character in the normalised text, from 0.'),
    sa.Column('end_offset', sa.Integer(), nullable=False, comment='Character after the last one; citations point into this range.'),
    sa.Column('heading', sa.Text(), server_default=sa.text("''"), nullable=False, comment='Path of headings above it; searched with the text.'),
    sa.Column('content', sa.Text(), nullable=False, comment='The text, word for word as in the document.'),
    sa.Column('token_count', sa.Integer(), nullable=False, comment='Length in tokens, as the chunker counts them.'),
    sa.Column('search_config', sa.Text(), server_default=sa.text("'simple'"), nullable=False, comment='Text search configuration of its language; simple knows none.'),
    sa.Column('search_vector', postgresql.TSVECTOR(), sa.Computed("CASE search_config WHEN 'dutch' THEN to_tsvector('pg_catalog.dutch', heading || ' ' || content) WHEN 'english' THEN to_tsvector('pg_catalog.english', heading || ' ' || content) WHEN 'french' THEN to_tsvector('pg_catalog.french', heading || ' ' || content) WHEN 'german' THEN to_tsvector('pg_catalog.german', heading || ' ' || content) WHEN 'italian' THEN to_tsvector('pg_catalog.italian', heading || ' ' || content) WHEN 'spanish' THEN to_tsvector('pg_catalog.spanish', heading || ' ' || content) ELSE to_tsvector('pg_catalog.simple', heading || ' ' || content) END", persisted=True), nullable=True, comment='Words of heading and text for full text search.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.CheckConstraint("search_config IN ('simple', 'dutch', 'english', 'french', 'german', 'italian', 'spanish')", name=op.f('ck_knowledge_chunks_search_config_known')),
    sa.CheckConstraint('length(content) BETWEEN 1 AND 50000', name=op.f('ck_knowledge_chunks_content_length')),
    sa.CheckConstraint('position >= 0', name=op.f('ck_knowledge_chunks_position_not_negative')),
    sa.CheckConstraint('start_offset >= 0 AND end_offset > start_offset', name=op.f('ck_knowledge_chunks_offsets_in_order')),
    sa.CheckConstraint('token_count >= 1', name=op.f('ck_knowledge_chunks_token_count_positive')),
    sa.ForeignKeyConstraint(['client_id', 'document_id'], ['knowledge.knowledge_documents.client_id', 'knowledge.knowledge_documents.id'], name='fk_knowledge_chunks_document', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_knowledge_chunks')),
    sa.UniqueConstraint('client_id', 'document_id', 'position', name=op.f('uq_knowledge_chunks_client_id_document_id_position')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_knowledge_chunks_client_id_id')),
    schema='knowledge',
    comment='Pieces of a document with their places in it, searched by word and by meaning.'
    )
    op.create_index('ix_knowledge_chunks_search_vector', 'knowledge_chunks', ['search_vector'], unique=False, schema='knowledge', postgresql_using='gin')
    op.create_table('knowledge_metadata',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('document_id', sa.UUID(), nullable=False, comment='The document it describes.'),
    sa.Column('key', sa.Text(), nullable=False, comment='What is said: author, topic, product, valid_until and so on.'),
    sa.Column('position', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Place among several values of one key, from 0.'),
    sa.Column('value_text', sa.Text(), nullable=True, comment='A word or text; NULL when the value is a number or a date.'),
    sa.Column('value_number', sa.Numeric(), nullable=True, comment='A number; NULL when the value is a text or a date.'),
    sa.Column('value_date', sa.Date(), nullable=True, comment='A day; NULL when the value is a text or a number.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.CheckConstraint("key <> ''", name=op.f('ck_knowledge_metadata_key_not_blank')),
    sa.CheckConstraint('num_nonnulls(value_text, value_number, value_date) = 1', name=op.f('ck_knowledge_metadata_one_value')),
    sa.CheckConstraint('position >= 0', name=op.f('ck_knowledge_metadata_position_not_negative')),
    sa.ForeignKeyConstraint(['client_id', 'document_id'], ['knowledge.knowledge_documents.client_id', 'knowledge.knowledge_documents.id'], name='fk_knowledge_metadata_document', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_knowledge_metadata')),
    sa.UniqueConstraint('client_id', 'document_id', 'key', 'position', name=op.f('uq_knowledge_metadata_client_id_document_id_key_position')),
    schema='knowledge',
    comment='What is known about a document, one value a row, to filter searches by.'
    )
    op.create_index('ix_knowledge_metadata_client_id_key_value_date', 'knowledge_metadata', ['client_id', 'key', 'value_date'], unique=False, schema='knowledge', postgresql_where=sa.text('value_date IS NOT NULL'))
    op.create_index('ix_knowledge_metadata_client_id_key_value_number', 'knowledge_metadata', ['client_id', 'key', 'value_number'], unique=False, schema='knowledge', postgresql_where=sa.text('value_number IS NOT NULL'))
    op.create_index('ix_knowledge_metadata_client_id_key_value_text', 'knowledge_metadata', ['client_id', 'key', 'value_text'], unique=False, schema='knowledge')
    op.create_table('knowledge_embeddings',
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('chunk_id', sa.UUID(), nullable=False, comment='The chunk it stands for.'),
    sa.Column('model_id', sa.Text(), nullable=False, comment='The model that made it; vectors of two models are never compared.'),
    sa.Column('dims', sa.Integer(), nullable=False, comment='Numbers in the vector, as its model has them.'),
    sa.Column('embedding', sa.ARRAY(sa.REAL()), nullable=False, comment='The vector; a plain array, so that no extension is needed.'),
    sa.Column('content_hash', sa.Text(), nullable=False, comment='SHA-256 in hex of the text it was made from; another text needs another vector.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.CheckConstraint("content_hash ~ '^[0-9a-f]{64}$'", name=op.f('ck_knowledge_embeddings_content_hash_is_sha256')),
    sa.CheckConstraint('array_ndims(embedding) = 1 AND array_length(embedding, 1) = dims', name=op.f('ck_knowledge_embeddings_embedding_fits_dims')),
    sa.CheckConstraint('array_position(embedding, NULL) IS NULL', name=op.f('ck_knowledge_embeddings_embedding_is_whole')),
    sa.ForeignKeyConstraint(['client_id', 'chunk_id'], ['knowledge.knowledge_chunks.client_id', 'knowledge.knowledge_chunks.id'], name='fk_knowledge_embeddings_chunk', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['client_id', 'model_id', 'dims'], ['knowledge.knowledge_models.client_id', 'knowledge.knowledge_models.model_id', 'knowledge.knowledge_models.dims'], name='fk_knowledge_embeddings_model', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('client_id', 'chunk_id', 'model_id', name=op.f('pk_knowledge_embeddings')),
    schema='knowledge',
    comment='One vector for each chunk and model.'
    )
    op.create_index('ix_knowledge_embeddings_client_id_model_id', 'knowledge_embeddings', ['client_id', 'model_id', 'dims'], unique=False, schema='knowledge')


def downgrade() -> None:
    op.execute("DROP TRIGGER empty_tombstone ON knowledge.knowledge_documents")
    op.execute("DROP FUNCTION knowledge.empty_tombstone()")
    op.drop_table("knowledge_metadata", schema="knowledge")
    op.drop_table("knowledge_embeddings", schema="knowledge")
    op.drop_table("knowledge_models", schema="knowledge")
    op.drop_table("knowledge_chunks", schema="knowledge")
    op.drop_table("knowledge_documents", schema="knowledge")
