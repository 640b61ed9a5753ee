// Drawn: the cell, and a shortest path to each cell within k contacts.
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE c.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND c.label IN $cell /* and conditions of c */
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
