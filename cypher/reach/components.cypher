// The connected components: the component that each cell belongs to, and its size.
//
// In Cypher the time grows with the square of the size of a component; `cellgraph query` computes the same in one pass.
// With a direction, cells are in one component if paths lead from each to each other (strongly connected).
//
// Parameters
//   min_cells: int = 1 (1..1000000000)     least size of a component
//   max_cells: int = null (1..1000000000)  largest size of a component
//   sample: str = null                     name of one sample; null is all
// Conditions
//   c: reported
//   d: cell
//   p: path
//   direction: compiled
//   over: any
// Returns
//   sample: str                            name of the sample
//   cell: int                              label of the cell
//   component: int                         smallest label among the cells of the sample in it
//   size: int                              number of cells of the sample in it
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE ($sample IS NULL OR s.name = $sample) /* and conditions of c */
OPTIONAL MATCH p = (c)-[:TOUCHES*]-(d:Cell)
WHERE d <> c /* and conditions of d, p */
WITH s.name AS sample, c.label AS cell, d, min(length(p)) AS distance
WITH sample, cell, CASE WHEN d.sample = sample THEN d.label END AS other
WITH sample, cell, min(other) AS other, count(other) AS others
WHERE others + 1 >= $min_cells AND ($max_cells IS NULL OR others + 1 <= $max_cells)
RETURN sample AS sample, cell AS cell, CASE WHEN other < cell THEN other ELSE cell END AS component,
       others + 1 AS size
ORDER BY sample, cell
