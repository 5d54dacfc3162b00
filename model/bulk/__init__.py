"""Label tables of any size with all cores."""
