// How many contacts each cell is away from the nearest of some cells: of a list, of a type, on the border.
//
// If none is in the first contacts, `cellgraph query` goes on to look at any distance. Of several at the same distance,
// the one with the smallest label is told.
//
// Parameters
//   to: str (target)                     border; labels or names of cells, as 5,6,77; or a condition, as "cell_type = 'B'"
//   longest: int = 8 (1..1000, literal)  most contacts that the Cypher looks for; given, also the most that there may be
//   cell: int list = null (cell)         labels of some cells; null is every cell
//   sample: str = null                   name of one sample; null is all
// Conditions
//   c: reported
//   own: target
//   e: target
//   p: path
//   over: any
// Returns
//   sample: str                     name of the sample
//   cell: int                       label of the cell
//   hops: int                       contacts to the nearest; 0 for one of them; null where no path leads to any
//   nearest: int                    label of the nearest
//   nearest_sample: str             name of its sample
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE c.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND ($cell IS NULL OR c.label IN $cell)
  /* and conditions of c */
OPTIONAL MATCH (own:Cell)
WHERE own.id = c.id /* and conditions of own */
OPTIONAL MATCH p = (c)-[:TOUCHES*1..$longest]-(e:Cell)
WHERE e <> c /* and conditions of e, p */
WITH s.name AS sample, c.label AS cell, own.id AS own, e, min(length(p)) AS distance
ORDER BY distance, e.label, e.sample
WITH sample, cell, own, collect({hops: distance, label: e.label, sample: e.sample})[0] AS first
RETURN sample AS sample, cell AS cell, CASE WHEN own IS NOT NULL THEN 0 ELSE first.hops END AS hops,
       CASE WHEN own IS NOT NULL THEN cell ELSE first.label END AS nearest,
       CASE WHEN own IS NOT NULL THEN sample ELSE first.sample END AS nearest_sample
ORDER BY sample, cell
