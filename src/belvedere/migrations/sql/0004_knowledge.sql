-- A tombstone keeps nothing that could be found or quoted: chunks, their vectors and the metadata go with it.
CREATE FUNCTION knowledge.empty_tombstone() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM knowledge.knowledge_chunks WHERE client_id = NEW.client_id AND document_id = NEW.id;
    DELETE FROM knowledge.knowledge_metadata WHERE client_id = NEW.client_id AND document_id = NEW.id;
    RETURN NULL;
END;
$$;

CREATE TRIGGER empty_tombstone AFTER UPDATE OF deleted_at ON knowledge.knowledge_documents FOR EACH ROW
    WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)
    EXECUTE FUNCTION knowledge.empty_tombstone();
