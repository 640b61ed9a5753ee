"""A graph that grows while its volume arrives: slab by slab, or from a folder that a scanner fills."""
