"""Tell each publisher what became of what it sent, and what in it looks wrong."""
