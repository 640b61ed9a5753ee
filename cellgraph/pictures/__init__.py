"""Pictures of cells: images with a value painted into each cell, slices with their graph, 3D pages."""
