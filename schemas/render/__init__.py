"""Render declarations into the languages of the components."""
