"""Copy a city's data to a folder, and bring it back."""
