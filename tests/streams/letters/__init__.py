"""Test what is done with dead letters."""
