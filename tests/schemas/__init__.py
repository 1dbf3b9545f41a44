"""Test the declarations."""
