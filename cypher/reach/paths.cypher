// All shortest paths between two cells, or the k shortest; with a weight, all the cheapest, or the k cheapest.
//
// Paths are numbered by their length, or their cost, and then by the labels of their cells, compared from the start;
// none goes through a cell twice. Costs that differ by rounding only are equal. Relationships that a table import gave
// for the same two cells are added up. More than 10,000 paths are refused.
//
// Parameters
//   source: int (cell)                   label of the first cell (--from)
//   target: int (cell)                   label of the last cell (--to), another one
//   k: int = null (1..1000, compiled)    how many paths, shortest first; null is all of the smallest length, or cost
//   weight: str = null (compiled)        cost of a contact, as 1/junctions; with it the rows have a column cost
//   longest: int = 8 (1..1000, literal)  most contacts that the Cypher looks for; given, also the most that there may be
//   sample: str = null                   name of the sample; null where the labels are in one sample only
// Conditions
//   a: reported
//   b: reported
//   p: path
//   r: contact
// Returns
//   path: int                          number of the path, from 1 on
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
WITH DISTINCT key, cells
ORDER BY key
WITH collect(cells) AS ways
UNWIND range(0, size(ways) - 1) AS way
UNWIND range(0, size(ways[way]) - 1) AS step
WITH way + 1 AS path, step, ways[way][step] AS c, CASE WHEN step > 0 THEN ways[way][step - 1] END AS before
OPTIONAL MATCH (before)-[r:TOUCHES]-(c)
/* where conditions of r between before and c */
RETURN path AS path, step AS step, c.label AS cell, CASE WHEN step > 0 THEN sum(r.junctions) END AS junctions
ORDER BY path, step
