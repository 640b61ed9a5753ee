// The triangles of each cell: pairs of its neighbours that touch each other; and their share, the clustering coefficient.
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
//   t: contact
//   direction: none
// Returns
//   sample: str                   name of the sample
//   cell: int                     label of the cell
//   degree: int                   number of other cells that it touches
//   triangles: int                pairs of these that touch each other
//   clustering: float             part of all pairs of these; 0 where there are less than two
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE c.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND ($cell IS NULL OR c.label IN $cell)
  /* and conditions of c */
OPTIONAL MATCH (c)-[r:TOUCHES]-(d:Cell)
WHERE d.id <> c.id /* and conditions of d, r between c and d */
WITH DISTINCT s.name AS sample, c, d
OPTIONAL MATCH (d)-[q:TOUCHES]-(e:Cell)
WHERE e.id > d.id AND e.id <> c.id /* and conditions of e, q between d and e */
WITH DISTINCT sample, c, d, e
OPTIONAL MATCH (e)-[t:TOUCHES]-(c)
/* where conditions of t between e and c */
WITH sample, c.label AS cell, d.id AS second, e.id AS third, count(t) AS closed
UNWIND [CASE WHEN closed > 0 THEN 1 ELSE 0 END] AS one
WITH sample, cell, second, sum(one) AS closing
UNWIND [closing] AS rings
WITH sample, cell, count(second) AS degree, sum(rings) AS triangles
RETURN sample AS sample, cell AS cell, degree AS degree, triangles AS triangles,
       CASE WHEN degree > 1 THEN 2.0 * triangles / (degree * (degree - 1)) ELSE 0.0 END AS clustering
ORDER BY sample, cell
