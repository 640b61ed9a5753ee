// Drawn: the cells of the path. Where it has more than $longest contacts it is any of the shortest, in the table that
// whose cells have the smallest labels.
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(a:Cell), (t:Sample {status: 'complete'})-[:HAS_CELL]->(b:Cell)
WHERE a.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND a.label = $source
  AND b.sample = t.name AND ($sample IS NULL OR t.name = $sample) AND b.label = $target AND a <> b
OPTIONAL MATCH near = allShortestPaths((a)-[:TOUCHES*..$longest]-(b))
WITH a, b, near, reduce(key = [], c IN nodes(near) | key + [c.label, c.sample]) AS key
ORDER BY key
LIMIT 1
MATCH far = shortestPath((a)-[:TOUCHES*]-(b))
WITH coalesce(near, far) AS p
RETURN p
