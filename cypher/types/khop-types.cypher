// What lies around each cell: the types of the cells at each distance, and their shares.
//
// Only types that are there have rows; cells without a type do not count.
//
// Parameters
//   by: str (cells)                column with the types of cells
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
//   type: str                      a type of the cells at exactly this distance
//   cells: int                     number of these
//   share: float                   of all cells at this distance that have a type
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE c.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND ($cell IS NULL OR c.label IN $cell)
  /* and conditions of c */
MATCH p = (c)-[:TOUCHES*1..$k]-(d:Cell)
WHERE d <> c /* and conditions of d, p */
WITH s.name AS sample, c.label AS cell, d, min(length(p)) AS hop
WHERE d.$by IS NOT NULL
WITH sample, cell, hop, d.$by AS type, count(d.id) AS cells
WITH sample, cell, hop, sum(cells) AS ring, collect({type: type, cells: cells}) AS them
UNWIND them AS one
RETURN sample AS sample, cell AS cell, hop AS hop, one.type AS type, one.cells AS cells,
       1.0 * one.cells / ring AS share
ORDER BY sample, cell, hop, type
