// Number of different cells that each cell touches.
//
// Parameters
//   sample: str = null   name of one sample; null is all
// Returns
//   sample: str          name of the sample
//   cell: int            label of the cell
//   degree: int          number of other cells that it touches
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE ($sample IS NULL OR s.name = $sample)
OPTIONAL MATCH (c)-[:TOUCHES]-(d:Cell)
WHERE d.id <> c.id
RETURN s.name AS sample, c.label AS cell, count(DISTINCT d.id) AS degree
ORDER BY sample, cell
