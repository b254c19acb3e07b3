"""Stock snapshots, reorder points, lead times."""
