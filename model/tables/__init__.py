"""Read and write tables row by row: CSV, TSV, JSONL, Parquet."""
