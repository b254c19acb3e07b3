"""Workflows, collections, aggregates, dashboards, insights and shares."""
