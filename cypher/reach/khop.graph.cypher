// Drawn: the cell, and a shortest path to each cell within k contacts.
// Limit: of one cell only. Without $cell it is the one that touches the most others.
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE c.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND ($cell IS NULL OR c.label IN $cell)
  /* and conditions of c */
WITH c
ORDER BY c.degree DESC, c.sample, c.label
LIMIT 1
CALL (c) {
  MATCH p = (c) RETURN p
  UNION ALL
  MATCH (c)-[:TOUCHES*1..$k]-(d:Cell)
  WHERE d <> c /* and conditions of d */
  WITH DISTINCT c, d
  MATCH p = shortestPath((c)-[:TOUCHES*..$k]-(d)) /* where conditions of p */
  RETURN p
}
RETURN p
