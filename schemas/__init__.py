"""Declare what an event or a result is, once; everything else is rendered from here."""
