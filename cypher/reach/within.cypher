// The cells within k contacts of a cell, nearest first.
//
// Parameters
//   cell: int list (cell)        label of the cell, or of several
//   k: int = 2 (1..30, literal)  largest distance
//   sample: str = null           name of its sample; null where the label is in one sample only
// Conditions
//   c: reported
//   d: cell
//   p: path
//   over: any
// Returns
//   sample: str                  name of the sample of the cell
//   cell: int                    label of the cell
//   hop: int                     distance in contacts
//   reached: int                 label of a cell at that distance
//   reached_sample: str          name of its sample
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE c.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND c.label IN $cell /* and conditions of c */
MATCH p = (c)-[:TOUCHES*1..$k]-(d:Cell)
WHERE d <> c /* and conditions of d, p */
WITH s.name AS sample, c.label AS cell, d, min(length(p)) AS hop
RETURN sample AS sample, cell AS cell, hop AS hop, d.label AS reached, d.sample AS reached_sample
ORDER BY sample, cell, hop, reached, reached_sample
