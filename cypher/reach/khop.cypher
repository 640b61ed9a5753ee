// How many cells are within 1, 2, … k contacts of each cell.
//
// Distances are counted in contacts along a shortest path, through whichever samples it leads; a cell is not counted
// for itself. A cell that touches none has its rows, with zeros. With conditions, only cells that meet them are counted,
// and paths lead only through these and through contacts that meet them.
//
// Parameters
//   k: int = 2 (1..30, literal)  largest distance
//   cell: int list = null (cell)  labels of some cells; null is every cell
//   sample: str = null           name of one sample; null is all
// Conditions
//   c: reported
//   d: cell
//   p: path
//   over: any
// Returns
//   sample: str                  name of the sample
//   cell: int                    label of the cell
//   hop: int                     distance in contacts, 1 to k
//   cells: int                   number of cells at exactly this distance
//   within: int                  number of cells up to this distance
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE c.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND ($cell IS NULL OR c.label IN $cell)
  /* and conditions of c */
OPTIONAL MATCH p = (c)-[:TOUCHES*1..$k]-(d:Cell)
WHERE d <> c /* and conditions of d, p */
WITH s.name AS sample, c.label AS cell, d, min(length(p)) AS distance
WITH sample, cell, distance, count(d) AS reached
UNWIND range(1, $k) AS hop
RETURN sample AS sample, cell AS cell, hop AS hop,
       sum(CASE WHEN distance = hop THEN reached ELSE 0 END) AS cells,
       sum(CASE WHEN distance <= hop THEN reached ELSE 0 END) AS within
ORDER BY sample, cell, hop
