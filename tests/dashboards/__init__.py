"""Test the dashboards."""
