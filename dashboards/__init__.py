"""Show the city: the data-hall wall and the staff console."""
