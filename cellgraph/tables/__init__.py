"""Networks that are tables already: CSV and Parquet files of cells and contacts."""
