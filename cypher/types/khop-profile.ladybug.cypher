// Ladybug is told to look for shortest paths, as in khop.
MATCH (c:Cell), (s:Sample {status: 'complete'})
WHERE c.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND ($cell IS NULL OR c.label IN $cell)
  /* and conditions of c */
OPTIONAL MATCH p = (c)-[:TOUCHES* SHORTEST 1..$k /* conditions of r, n */]-(d:Cell)
WITH s.name AS sample, c.label AS cell, d, length(p) AS distance
UNWIND range(1, $k) AS hop
WITH sample, cell, hop, CASE WHEN distance = hop THEN d.$of END AS own
RETURN sample AS sample, cell AS cell, hop AS hop, count(own) AS cells, coalesce(1.0 * sum(own), 0.0) AS sum, avg(own) AS mean
ORDER BY sample, cell, hop
