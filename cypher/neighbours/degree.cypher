// Number of different cells that each cell touches.
//
// Parameters
//   cell: int list = null (cell)  labels of some cells; null is every cell
//   sample: str = null   name of one sample; null is all
// Conditions
//   c: reported
//   d: cell
//   r: contact
//   over: any
// Returns
//   sample: str          name of the sample
//   cell: int            label of the cell
//   degree: int          number of other cells that it touches
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE ($sample IS NULL OR s.name = $sample) AND ($cell IS NULL OR c.label IN $cell) /* and conditions of c */
OPTIONAL MATCH (c)-[r:TOUCHES]-(d:Cell)
WHERE d.id <> c.id /* and conditions of d, r between c and d */
RETURN s.name AS sample, c.label AS cell, count(DISTINCT d.id) AS degree
ORDER BY sample, cell
