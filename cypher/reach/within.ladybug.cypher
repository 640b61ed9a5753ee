// As khop: Ladybug is told to look for shortest paths.
MATCH (c:Cell), (s:Sample {status: 'complete'})
WHERE c.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND c.label IN $cell /* and conditions of c */
MATCH p = (c)-[:TOUCHES* SHORTEST 1..$k /* conditions of r, n */]-(d:Cell)
RETURN s.name AS sample, c.label AS cell, length(p) AS hop, d.label AS reached, d.sample AS reached_sample
ORDER BY sample, cell, hop, reached, reached_sample
