// Ladybug is told to look for shortest paths, as in khop.
MATCH (c:Cell), (s:Sample {status: 'complete'})
WHERE c.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND ($cell IS NULL OR c.label IN $cell)
  /* and conditions of c */
MATCH p = (c)-[:TOUCHES* SHORTEST 1..$k /* conditions of r, n */]-(d:Cell)
WITH s.name AS sample, c.label AS cell, length(p) AS hop, d
WHERE d.$by IS NOT NULL
WITH sample, cell, hop, d.$by AS type, count(d.id) AS cells
WITH sample, cell, hop, sum(cells) AS ring, collect({type: type, cells: cells}) AS them
UNWIND them AS one
RETURN sample AS sample, cell AS cell, hop AS hop, one.type AS type, one.cells AS cells,
       1.0 * one.cells / ring AS share
ORDER BY sample, cell, hop, type
