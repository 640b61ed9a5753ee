"""Turn labelled volumes into graphs in a database: one load, many loads, or an array in memory."""
