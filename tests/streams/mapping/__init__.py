"""Test mapping files and how they are guessed."""
