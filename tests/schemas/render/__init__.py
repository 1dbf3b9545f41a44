"""Test what is rendered from the declarations."""
