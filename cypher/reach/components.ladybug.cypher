// Ladybug has its own words for shortest paths, here of any length: 65,535 contacts is as far as it can look.
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE ($sample IS NULL OR s.name = $sample) /* and conditions of c */
OPTIONAL MATCH p = (c)-[:TOUCHES* SHORTEST 1..65535 /* conditions of r, n */]-(d:Cell)
WHERE d.sample = c.sample
WITH s.name AS sample, c.label AS cell, min(d.label) AS other, count(d.id) AS others
WHERE others + 1 >= $min_cells AND ($max_cells IS NULL OR others + 1 <= $max_cells)
RETURN sample AS sample, cell AS cell, CASE WHEN other < cell THEN other ELSE cell END AS component,
       others + 1 AS size
ORDER BY sample, cell
