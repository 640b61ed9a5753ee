"""The graph of a database as a sparse matrix (CSR), and the kernels that run on it."""
