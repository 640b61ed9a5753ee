"""Synthetic labelled tissues with known answers, of any size."""
