"""Carry events: settings, broker, gate, doors, sink, store, queries, agents and feeds."""
