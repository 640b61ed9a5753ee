// Drawn: the components of few cells, which lie apart from the rest.
// Limit: components of up to 20 cells, and 300 cells of these.
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE ($sample IS NULL OR s.name = $sample)
CALL (c) {
  MATCH (c)-[:TOUCHES*0..20]-(d:Cell)
  WITH DISTINCT d
  LIMIT 21
  RETURN count(d) AS size
}
WITH c, size
WHERE size <= 20
WITH c
ORDER BY c.sample, c.label
LIMIT 300
MATCH p = (c)-[:TOUCHES*0..1]-(:Cell)
RETURN p
