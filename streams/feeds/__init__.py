"""Serve open feeds: what is declared public, rendered once a tick and shared by all clients."""
