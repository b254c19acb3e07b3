"""Plausible, consistent, deterministic data for every table: demos, tests and benchmarks."""
