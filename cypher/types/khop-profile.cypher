// What lies around each cell: sum and mean of a property over the cells at each distance.
//
// For the types of a column, see khop-types. Cells without a value do not count.
//
// Parameters
//   of: str (cells)                column of numbers
//   k: int = 2 (1..30, literal)    largest distance
//   cell: int list = null (cell)   labels of some cells; null is every cell
//   sample: str = null             name of one sample; null is all
// Conditions
//   c: reported
//   d: cell
//   p: path
// Returns
//   sample: str                    name of the sample
//   cell: int                      label of the cell
//   hop: int                       distance in contacts, 1 to k
//   cells: int                     number of cells at exactly this distance that have a value
//   sum: float                     of their values; 0 where there are none
//   mean: float                    of their values; null where there are none
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE c.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND ($cell IS NULL OR c.label IN $cell)
  /* and conditions of c */
OPTIONAL MATCH p = (c)-[:TOUCHES*1..$k]-(d:Cell)
WHERE d <> c /* and conditions of d, p */
WITH s.name AS sample, c.label AS cell, d, min(length(p)) AS distance
UNWIND range(1, $k) AS hop
WITH sample, cell, hop, CASE WHEN distance = hop THEN d.$of END AS own
RETURN sample AS sample, cell AS cell, hop AS hop, count(own) AS cells, coalesce(1.0 * sum(own), 0.0) AS sum, avg(own) AS mean
ORDER BY sample, cell, hop
