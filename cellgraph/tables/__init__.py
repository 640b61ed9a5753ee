"""Load networks that are already tables: CSV and Parquet files of cells and contacts."""
