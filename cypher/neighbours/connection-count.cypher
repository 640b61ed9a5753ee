// Number of relationships of each cell, each one as it was given.
//
// Differs from degree where a table import gave a pair of cells more than once, or a cell with itself.
//
// Parameters
//   sample: str = null   name of one sample; null is all
// Returns
//   sample: str          name of the sample
//   cell: int            label of the cell
//   connections: int     number of its relationships
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE ($sample IS NULL OR s.name = $sample)
OPTIONAL MATCH (c)-[r:TOUCHES]-(:Cell)
RETURN s.name AS sample, c.label AS cell, count(DISTINCT r) AS connections
ORDER BY sample, cell
