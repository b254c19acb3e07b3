"""Dashboards, collections, aggregates, insights, shares."""
