"""Take events by further doors: files dropped into a folder, and MQTT."""
