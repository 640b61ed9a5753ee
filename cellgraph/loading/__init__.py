"""A labelled volume becomes a graph in a database: one load, many of them, and an array in memory."""
