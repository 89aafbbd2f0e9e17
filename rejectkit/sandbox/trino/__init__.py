"""Trino's SQL, as Athena has it: read strictly, typed by Trino's rules, and run on DuckDB."""
