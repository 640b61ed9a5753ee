// Ladybug walks every path of up to k contacts where Neo4j prunes, so it is told to look for shortest ones.
// A cell is looked up by its own sample: behind HAS_CELL the search would start from every cell of a larger one.
MATCH (c:Cell), (s:Sample {status: 'complete'})
WHERE c.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND ($cell IS NULL OR c.label IN $cell)
  /* and conditions of c */
OPTIONAL MATCH p = (c)-[:TOUCHES* SHORTEST 1..$k /* conditions of r, n */]-(d:Cell)
WITH s.name AS sample, c.label AS cell, length(p) AS distance, count(d.id) AS reached
UNWIND range(1, $k) AS hop
RETURN sample AS sample, cell AS cell, hop AS hop,
       sum(CASE WHEN distance = hop THEN reached ELSE 0 END) AS cells,
       sum(CASE WHEN distance <= hop THEN reached ELSE 0 END) AS within
ORDER BY sample, cell, hop
