// The number of cells of a sample that lie on the border of its volume.
//
// Parameters
//   sample: str   name of the sample
// Returns
//   cells: int    number of cells
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE s.name = $sample AND c.on_border
RETURN count(c) AS cells
ORDER BY cells
