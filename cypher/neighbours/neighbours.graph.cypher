// Drawn: the cell, and each cell that it touches.
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE c.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND c.label IN $cell
  /* and conditions of c */
CALL (c) {
  MATCH p = (c) RETURN p
  UNION ALL
  MATCH p = (c)-[r:TOUCHES]-(d:Cell)
  WHERE d <> c /* and conditions of d, r between c and d */
  RETURN p
}
RETURN p
