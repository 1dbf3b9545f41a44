"""Draw the pages of the staff console: one module a page, one for all that have none."""
