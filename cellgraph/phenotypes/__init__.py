"""Phenotypes of cells over many samples: variation, correlation, components, groups, comparison of samples."""
