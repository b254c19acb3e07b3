"""The schema of the database: migrations, roles and row policies, shipped inside the package."""
