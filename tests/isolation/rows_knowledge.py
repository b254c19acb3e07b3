"""Rows of the tables of knowledge, in the order of their foreign keys."""

HASH = "repeat('0a', 32)"

STATEMENTS: dict[str, str] = {
    "knowledge.knowledge_documents": "INSERT INTO knowledge.knowledge_documents (id, client_id, source, external_id,"
    f" title, content_hash) VALUES (%(id)s, %(c)s, 'upload', %(text)s, 'Returns policy', {HASH})",
    "knowledge.knowledge_chunks": "INSERT INTO knowledge.knowledge_chunks (id, client_id, document_id, position,"
    " start_offset, end_offset, content, token_count)"
    " VALUES (%(id)s, %(c)s, %(knowledge_knowledge_documents)s, %(n)s, 0, 20, 'Returns are accepted', 3)",
    "knowledge.knowledge_models": "INSERT INTO knowledge.knowledge_models (id, client_id, model_id, dims)"
    " VALUES (%(id)s, %(c)s, %(text)s, 3)",
    "knowledge.knowledge_embeddings": "WITH model AS (INSERT INTO knowledge.knowledge_models (client_id, model_id, dims)"
    " VALUES (%(c)s, %(text)s, 3)) INSERT INTO knowledge.knowledge_embeddings (client_id, chunk_id, model_id, dims,"
    f" embedding, content_hash) VALUES (%(c)s, %(knowledge_knowledge_chunks)s, %(text)s, 3, '{{0.1,0.2,0.3}}', {HASH})",
    "knowledge.knowledge_metadata": "INSERT INTO knowledge.knowledge_metadata (id, client_id, document_id, key,"
    " value_text) VALUES (%(id)s, %(c)s, %(knowledge_knowledge_documents)s, %(text)s, 'returns')",
}
CHANGEABLE: dict[str, str] = {}
"""A column that people may change, of tables whose `client_id` they may not name in an UPDATE."""
BREAKS: dict[str, str] = {
    "ck_knowledge_documents_status_known": "status = 'nope'",
    "ck_knowledge_documents_visibility_known": "visibility = 'nope'",
    "ck_knowledge_documents_origin_not_blank": "source = ''",
    "ck_knowledge_documents_content_hash_is_sha256": "content_hash = 'abc'",
    "ck_knowledge_documents_version_positive": "version = 0",
    "ck_knowledge_documents_size_not_negative": "size_bytes = -1",
    "ck_knowledge_documents_tombstone_has_time": "status = 'deleted'",
    "ck_knowledge_documents_failed_says_why": "status = 'failed'",
    "ck_knowledge_documents_ready_is_indexed": "status = 'ready'",
    "ck_knowledge_documents_only_listed_has_list": "allowed_roles = '{owner}'",
    "ck_knowledge_chunks_search_config_known": "search_config = 'nope'",
    "ck_knowledge_chunks_position_not_negative": "position = -1",
    "ck_knowledge_chunks_offsets_in_order": "end_offset = 0",
    "ck_knowledge_chunks_content_length": "content = ''",
    "ck_knowledge_chunks_token_count_positive": "token_count = 0",
    "ck_knowledge_models_model_id_not_blank": "model_id = ''",
    "ck_knowledge_models_dims_range": "dims = 0",
    "ck_knowledge_embeddings_embedding_fits_dims": "embedding = '{0.1,0.2}'",
    "ck_knowledge_embeddings_embedding_is_whole": "embedding = '{0.1,NULL,0.3}'",
    "ck_knowledge_embeddings_content_hash_is_sha256": "content_hash = 'abc'",
    "ck_knowledge_metadata_key_not_blank": "key = ''",
    "ck_knowledge_metadata_position_not_negative": "position = -1",
    "ck_knowledge_metadata_one_value": "value_number = 1",
}
"""CHECK constraint -> the SET clause of an UPDATE that breaks it and no other."""
