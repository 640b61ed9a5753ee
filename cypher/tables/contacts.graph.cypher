// Drawn: the contacts, with their cells.
// Limit: the 300 with the most junctions.
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE ($sample IS NULL OR s.name = $sample)
MATCH p = (c)-[r:TOUCHES]-(d:Cell)
WHERE (c.label < d.label OR (c.label = d.label AND c.sample < d.sample)
  OR ($sample IS NOT NULL AND c.sample <> d.sample))
  AND ($cell IS NULL OR c.label IN $cell OR (d.label IN $cell AND d.sample = s.name))
  /* and conditions of c, d, r between c and d */
WITH p, r, c, d
ORDER BY r.junctions DESC, c.sample, c.label, d.label
LIMIT 300
RETURN p
