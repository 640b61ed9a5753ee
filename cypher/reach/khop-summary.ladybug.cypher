// As khop; Ladybug has no percentileDisc, and aggregates no aggregate inside another expression (the cast).
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE ($sample IS NULL OR s.name = $sample) /* and conditions of c */
OPTIONAL MATCH p = (c)-[:TOUCHES* SHORTEST 1..$k /* conditions of r, n */]-(d:Cell)
WITH s.name AS sample, c.id AS id, length(p) AS distance, count(d.id) AS reached
UNWIND range(1, $k) AS hop
WITH sample, id, hop, sum(CASE WHEN distance = hop THEN reached ELSE 0 END) AS cells,
     sum(CASE WHEN distance <= hop THEN reached ELSE 0 END) AS within
WITH sample, id, hop, cast(cells, 'INT64') AS cells, cast(within, 'INT64') AS within
WITH sample, hop, count(id) AS counted, cast(sum(cells), 'DOUBLE') / count(id) AS cells_mean, list_sort(collect(cells)) AS all_cells,
     cast(sum(within), 'DOUBLE') / count(id) AS within_mean, list_sort(collect(within)) AS all_within
RETURN sample AS sample, hop AS hop, counted AS counted,
       cells_mean AS cells_mean, all_cells[1] AS cells_min, all_cells[(counted + 1) / 2] AS cells_median,
       all_cells[counted] AS cells_max,
       within_mean AS within_mean, all_within[1] AS within_min, all_within[(counted + 1) / 2] AS within_median,
       all_within[counted] AS within_max
ORDER BY sample, hop
