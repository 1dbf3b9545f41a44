"""Test backups and their return."""
