"""Test the agents."""
