"""Documents, chunks and retrieval."""
