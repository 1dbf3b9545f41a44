"""Read the store for those who show or serve it; every query goes through views."""
