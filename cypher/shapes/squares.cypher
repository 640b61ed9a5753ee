// The squares of each cell: rings of four contacts that lead through it, with or without a diagonal.
//
// Parameters
//   cell: int list = null (cell)  labels of some cells; null is every cell
//   sample: str = null            name of one sample; null is all
// Conditions
//   c: reported
//   d: cell
//   e: cell
//   r: contact
//   q: contact
//   direction: none
// Returns
//   sample: str                   name of the sample
//   cell: int                     label of the cell
//   squares: int                  number of rings of four cells that it is in
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE c.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND ($cell IS NULL OR c.label IN $cell)
  /* and conditions of c */
OPTIONAL MATCH (c)-[r:TOUCHES]-(d:Cell)
WHERE d.id <> c.id /* and conditions of d, r between c and d */
WITH DISTINCT s.name AS sample, c.label AS cell, c.id AS own, d
OPTIONAL MATCH (d)-[q:TOUCHES]-(e:Cell)
WHERE e.id <> d.id AND e.id <> own /* and conditions of e, q between d and e */
WITH sample, cell, e.id AS opposite, count(DISTINCT d.id) AS between
UNWIND [CASE WHEN opposite IS NULL THEN 0 ELSE between * (between - 1) / 2 END] AS rings
RETURN sample AS sample, cell AS cell, sum(rings) AS squares
ORDER BY sample, cell
