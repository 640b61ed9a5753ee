"""Statistics of neighbourhoods, on the contacts of each sample: types touching types, autocorrelation, niches."""
