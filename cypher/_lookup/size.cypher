// The number of cells, and of their relationships as they were loaded: one between two samples counts in both.
//
// Parameters
//   sample: str = null   name of one sample; null is all
// Returns
//   cells: int           number of cells
//   contacts: int        number of relationships
MATCH (s:Sample {status: 'complete'})
WHERE ($sample IS NULL OR s.name = $sample)
RETURN sum(s.cells) AS cells, sum(s.contacts) AS contacts
ORDER BY cells
