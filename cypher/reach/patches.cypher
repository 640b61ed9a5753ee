// Patches: the connected components of the cells that meet the conditions, the largest first.
//
// As `--where "cell_type = 'A'"`: the islands of a type. In Cypher the time grows with the square of the size of a patch.
//
// Parameters
//   min_cells: int = 1 (1..1000000000)  least size of a patch
//   sample: str = null                  name of one sample; null is all
// Conditions
//   c: cell
//   d: cell
//   p: path
//   direction: none
// Returns
//   sample: str                         name of the sample
//   patch: int                          smallest label of the cells of the sample in it
//   cells: int                          number of these
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE ($sample IS NULL OR s.name = $sample) /* and conditions of c */
OPTIONAL MATCH p = (c)-[:TOUCHES*]-(d:Cell)
WHERE d <> c /* and conditions of d, p */
WITH s.name AS sample, c.label AS cell, d, min(length(p)) AS distance
WITH sample, cell, CASE WHEN d.sample = sample THEN d.label END AS other
WITH sample, cell, min(other) AS other
WITH sample, CASE WHEN other < cell THEN other ELSE cell END AS patch, count(cell) AS cells
WHERE cells >= $min_cells
RETURN sample AS sample, patch AS patch, cells AS cells
ORDER BY sample, cells DESC, patch
