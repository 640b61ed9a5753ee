// The cells that touch the most others.
//
// Of equal ones, those of the first sample and with the smaller label come first. Cells that touch no other are left out,
// so that there may be fewer than `limit`.
//
// Parameters
//   limit: int = 10 (1..1000000)  how many
//   sample: str = null            name of one sample; null is all
// Conditions
//   c: reported
//   d: cell
//   r: contact
//   over: any
// Returns
//   sample: str                   name of the sample
//   cell: int                     label of the cell
//   degree: int                   number of other cells that it touches
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)-[r:TOUCHES]-(d:Cell)
WHERE ($sample IS NULL OR s.name = $sample) AND d.id <> c.id
  /* and conditions of c, d, r between c and d */
RETURN s.name AS sample, c.label AS cell, count(DISTINCT d.id) AS degree
ORDER BY degree DESC, sample, cell
LIMIT $limit
