"""Neighbourhood statistics on the contacts of each sample: contact enrichment, autocorrelation, niches."""
