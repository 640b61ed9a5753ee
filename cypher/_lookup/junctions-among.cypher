// The junctions between any two of some cells.
//
// Parameters
//   samples: str list   names of the samples of the cells
//   labels: int list    labels of the cells
// Returns
//   sample_a: str       name of the sample of the one cell
//   cell_a: int         its label
//   sample_b: str       name of the sample of the other
//   cell_b: int         its label
//   junctions: int      voxel faces that the two share
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(a:Cell)-[r:TOUCHES]-(b:Cell)
WHERE a.sample = s.name AND a.sample IN $samples AND a.label IN $labels AND b.sample IN $samples AND b.label IN $labels
RETURN a.sample AS sample_a, a.label AS cell_a, b.sample AS sample_b, b.label AS cell_b, sum(r.junctions) AS junctions
ORDER BY sample_a, cell_a, sample_b, cell_b
