// Contacts lost and gained between two samples of one tissue, in which the same cell has the same label.
//
// Parameters
//   source: str         name of the sample before (--from)
//   target: str         name of the sample after (--to)
// Conditions
//   a: cell
//   b: cell
//   x: cell
//   y: cell
//   r: contact
//   q: contact
//   direction: none
// Returns
//   change: str         lost: only in the sample before; gained: only in the one after
//   cell_a: int         label of the first cell, the smaller of the two
//   cell_b: int         label of the other
//   junctions: int      their junctions, in the sample that has the contact
//   area: float         the area of their contact there
//   both: bool          whether both samples have both cells
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(a:Cell)-[r:TOUCHES]-(b:Cell)
WHERE (s.name = $source OR s.name = $target) AND b.sample = s.name AND a.label < b.label
  /* and conditions of a, b, r between a and b */
WITH CASE WHEN s.name = $source THEN 'lost' ELSE 'gained' END AS change,
     CASE WHEN s.name = $source THEN $target ELSE $source END AS there,
     a.label AS cell_a, b.label AS cell_b, sum(r.junctions) AS junctions,
     CASE WHEN count(r.area) > 0 THEN sum(r.area) ELSE null END AS area
OPTIONAL MATCH (t:Sample {status: 'complete'})-[:HAS_CELL]->(x:Cell)
WHERE t.name = there AND x.label = cell_a /* and conditions of x */
OPTIONAL MATCH (u:Sample {status: 'complete'})-[:HAS_CELL]->(y:Cell)
WHERE u.name = there AND y.label = cell_b /* and conditions of y */
OPTIONAL MATCH (x)-[q:TOUCHES]-(y)
/* where conditions of q between x and y */
WITH change, cell_a, cell_b, junctions, area, x.id AS x, y.id AS y, count(q) AS contacts
WHERE contacts = 0
RETURN change AS change, cell_a AS cell_a, cell_b AS cell_b, junctions AS junctions, area AS area,
       x IS NOT NULL AND y IS NOT NULL AS both
ORDER BY change DESC, cell_a, cell_b
