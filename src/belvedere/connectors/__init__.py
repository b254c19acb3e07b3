"""Outside platforms: one folder each; they fetch and send, and know no database."""
