// The mean of a property over the cells that each cell touches.
//
// Each neighbour counts once, however many relationships lead to it; those without a value do not count.
//
// Parameters
//   of: str (cells)                column of numbers
//   cell: int list = null (cell)   labels of some cells; null is every cell
//   sample: str = null             name of one sample; null is all
// Conditions
//   c: reported
//   d: cell
//   r: contact
// Returns
//   sample: str                    name of the sample
//   cell: int                      label of the cell
//   value: float                   its own value
//   neighbours: int                number of neighbours that have a value
//   mean: float                    mean of their values; null where there are none
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE c.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND ($cell IS NULL OR c.label IN $cell)
  /* and conditions of c */
OPTIONAL MATCH (c)-[r:TOUCHES]-(d:Cell)
WHERE d.id <> c.id AND d.$of IS NOT NULL /* and conditions of d, r between c and d */
WITH DISTINCT s.name AS sample, c.label AS cell, c.$of AS value, d.id AS neighbour, d.$of AS theirs
RETURN sample AS sample, cell AS cell, value AS value, count(neighbour) AS neighbours, avg(theirs) AS mean
ORDER BY sample, cell
