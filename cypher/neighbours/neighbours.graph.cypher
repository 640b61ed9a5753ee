// Drawn: the cell, and each cell that it touches.
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE c.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND c.label IN $cell
MATCH p = (c)-[:TOUCHES*0..1]-(:Cell)
RETURN p
