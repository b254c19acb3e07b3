"""JSON Schemas of every event, one folder a type, one file a version."""
