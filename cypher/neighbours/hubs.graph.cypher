// Drawn: these cells, each with all the cells that it touches.
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)-[r:TOUCHES]-(d:Cell)
WHERE ($sample IS NULL OR s.name = $sample) AND d.id <> c.id
  /* and conditions of c, d, r between c and d */
WITH s.name AS sample, c, count(DISTINCT d.id) AS degree
ORDER BY degree DESC, sample, c.label
LIMIT $limit
MATCH p = (c)-[r:TOUCHES]-(d:Cell)
WHERE d.id <> c.id /* and conditions of d, r between c and d */
RETURN p
