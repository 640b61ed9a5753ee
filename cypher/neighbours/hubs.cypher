// The cells that touch the most others.
//
// Parameters
//   limit: int = 10 (1..1000000)  how many
//   sample: str = null            name of one sample; null is all
// Returns
//   sample: str                   name of the sample
//   cell: int                     label of the cell
//   degree: int                   number of other cells that it touches
//   junctions: int                voxel faces that it shares with them
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)-[r:TOUCHES]-(d:Cell)
WHERE ($sample IS NULL OR s.name = $sample) AND d.id <> c.id
RETURN s.name AS sample, c.label AS cell, count(DISTINCT d.id) AS degree, sum(r.junctions) AS junctions
ORDER BY degree DESC, junctions DESC, sample, cell
LIMIT $limit
