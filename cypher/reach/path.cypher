// A shortest path between two cells: the fewest contacts from one to the other, or the cheapest by a weight.
//
// If there is none in the first 8 contacts, `cellgraph query` goes on to look at any distance; in Cypher the time grows
// with the number of paths, which multiply with the distance. Of several shortest paths it is the one whose cells have
// the smallest labels, compared from the start. Relationships that a table import gave for the same two cells are added
// up.
//
// Parameters
//   source: int (cell)                   label of the first cell (--from)
//   target: int (cell)                   label of the last cell (--to), another one
//   weight: str = null (compiled)        cost of a contact, as 1/junctions: the cheapest path, with a column cost
//   longest: int = 8 (1..1000, literal)  most contacts that the Cypher looks for; given, also the most that there may be
//   sample: str = null                   name of the sample; null where the labels are in one sample only
// Conditions
//   a: reported
//   b: reported
//   p: path
//   r: contact
//   over: any
// Returns
//   step: int                          0 for the first cell, then 1, 2, …
//   cell: int                          label of the cell
//   junctions: int                     voxel faces that it shares with the cell before; null for the first
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(a:Cell), (t:Sample {status: 'complete'})-[:HAS_CELL]->(b:Cell)
WHERE a.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND a.label = $source
  AND b.sample = t.name AND ($sample IS NULL OR t.name = $sample) AND b.label = $target AND a <> b
  /* and conditions of a, b */
MATCH p = allShortestPaths((a)-[:TOUCHES*..$longest]-(b))
/* where conditions of p */
WITH nodes(p) AS cells, reduce(key = [], c IN nodes(p) | key + [c.label, c.sample]) AS key
ORDER BY key
LIMIT 1
UNWIND range(0, size(cells) - 1) AS step
WITH step, cells[step] AS c, CASE WHEN step > 0 THEN cells[step - 1] END AS before
OPTIONAL MATCH (before)-[r:TOUCHES]-(c)
/* where conditions of r between before and c */
RETURN step AS step, c.label AS cell, CASE WHEN step > 0 THEN sum(r.junctions) END AS junctions
ORDER BY step
