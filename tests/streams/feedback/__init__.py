"""Test what publishers are told of their events."""
