// Drawn: the cells of the path. Where it has more than $longest contacts it is any of the shortest, in the table that
// whose cells have the smallest labels.
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(a:Cell), (t:Sample {status: 'complete'})-[:HAS_CELL]->(b:Cell)
WHERE a.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND a.label = $source
  AND b.sample = t.name AND ($sample IS NULL OR t.name = $sample) AND b.label = $target AND a <> b
  /* and conditions of a, b */
OPTIONAL MATCH p = allShortestPaths((a)-[:TOUCHES*..$longest]-(b)) /* where conditions of p */
WITH a, b, p AS near, reduce(key = [], c IN nodes(p) | key + [c.label, c.sample]) AS key
ORDER BY key
LIMIT 1
MATCH p = shortestPath((a)-[:TOUCHES*]-(b)) /* where conditions of p */
WITH coalesce(near, p) AS p
RETURN p
