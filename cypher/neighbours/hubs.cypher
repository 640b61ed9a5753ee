// The cells that touch the most others.
//
// Parameters
//   limit: int = 10 (1..1000000)  how many
//   sample: str = null            name of one sample; null is all
// Returns
//   sample: str                   name of the sample
//   cell: int                     label of the cell
//   degree: int                   number of other cells that it touches
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)-[:TOUCHES]-(d:Cell)
WHERE ($sample IS NULL OR s.name = $sample) AND d.id <> c.id
RETURN s.name AS sample, c.label AS cell, count(DISTINCT d.id) AS degree
ORDER BY degree DESC, sample, cell
LIMIT $limit
