// How the contacts of each cell divide among its neighbours: the part of the whole that each has.
//
// The area of a pair over the area of all contacts of the one cell, so that the fractions of a cell add up to 1. It
// has a direction: the same contact is another fraction of the other cell. Values below 0 are refused; a contact
// without a value has no fraction, and counts as 0 in the whole, which is noted.
//
// Parameters
//   of: str = area (contacts)      what is divided: area, junctions, or another column of contacts
//   cell: int list = null (cell)   labels of some cells; null is every cell
//   sample: str = null             name of one sample; null is all
// Conditions
//   c: reported
//   d: cell
//   r: contact
// Returns
//   sample: str                    name of the sample of the cell
//   cell: int                      label of the cell
//   neighbour: int                 label of a cell that it touches
//   value: float                   area of the pair, or what is divided; null where it has none
//   fraction: float                of all contacts of the cell; null where the pair or all of these have none
//   neighbour_sample: str          name of the sample of the neighbour
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)-[r:TOUCHES]-(d:Cell)
WHERE c.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND ($cell IS NULL OR c.label IN $cell)
  AND d.id <> c.id /* and conditions of c, d, r between c and d */
WITH s.name AS sample, c.label AS cell, d.label AS neighbour, d.sample AS neighbour_sample, sum(r.$of) AS total,
     count(r.$of) AS known
WITH sample, cell, sum(total) AS whole,
     collect({neighbour: neighbour, neighbour_sample: neighbour_sample, total: total, known: known}) AS them
UNWIND them AS one
RETURN sample AS sample, cell AS cell, one.neighbour AS neighbour,
       CASE WHEN one.known > 0 THEN one.total ELSE null END AS value,
       CASE WHEN one.known > 0 AND whole > 0 THEN 1.0 * one.total / whole ELSE null END AS fraction,
       one.neighbour_sample AS neighbour_sample
ORDER BY sample, cell, neighbour, neighbour_sample
