"""Pictures of cells: a value for each cell painted into its image, slices with their graph, pages in 3D."""
