"""Statistics, tables and result files."""
