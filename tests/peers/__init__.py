"""Hold other engines doing the job of the side-by-side benchmark, each in its own manner."""
