// Drawn: the components of few cells, which lie apart from the rest.
// Limit: components of up to 20 cells, or $max_cells, and 300 cells of these.
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE ($sample IS NULL OR s.name = $sample) /* and conditions of c */
CALL (c) {
  MATCH p = (c)-[:TOUCHES*0..]-(d:Cell) /* where conditions of d, p */
  WITH DISTINCT d
  LIMIT coalesce($max_cells, 20) + 1
  RETURN count(d) AS size
}
WITH c, size
WHERE $min_cells <= size <= coalesce($max_cells, 20)
WITH c
ORDER BY c.sample, c.label
LIMIT 300
MATCH p = (c)-[:TOUCHES*0..1]-(d:Cell) /* where conditions of d, p */
RETURN p
