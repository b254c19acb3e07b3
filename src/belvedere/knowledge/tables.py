"""Documents, their chunks with embeddings, and metadata to filter by."""
