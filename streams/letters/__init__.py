"""Take dead letters to their originals, repair them, and send them again."""
