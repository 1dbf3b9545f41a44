"""Hold one file a command of `citybrain`."""
