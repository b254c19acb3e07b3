"""Stock snapshots, reorder points and lead times."""
