// The number of cells.
//
// Parameters
//   sample: str = null   name of one sample; null is all
// Returns
//   cells: int           number of cells
MATCH (s:Sample {status: 'complete'})
WHERE ($sample IS NULL OR s.name = $sample)
RETURN sum(s.cells) AS cells
ORDER BY cells
