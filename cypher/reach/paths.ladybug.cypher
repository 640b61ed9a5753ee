// Ladybug has its own words for shortest paths, and numbers no rows: a path has as many before it as are smaller.
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(a:Cell), (t:Sample {status: 'complete'})-[:HAS_CELL]->(b:Cell)
WHERE a.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND a.label = $source
  AND b.sample = t.name AND ($sample IS NULL OR t.name = $sample) AND b.label = $target AND a.id <> b.id
  /* and conditions of a, b */
MATCH p = (a)-[:TOUCHES* ALL SHORTEST 1..$longest /* conditions of r, n */]-(b)
WITH properties(nodes(p), 'label') AS cells,
     list_concat([0], properties(rels(p), 'junctions')) AS junctions,
     list_concat([''], list_transform(rels(p), r -> cast(id(r), 'STRING'))) AS contacts,
     list_to_string(' ', list_transform(nodes(p), c -> concat(lpad(cast(c.label, 'STRING'), 19, '0'), c.sample))) AS key
UNWIND range(1, size(cells)) AS place
WITH DISTINCT key, place, cells[place] AS cell, contacts[place] AS contact, junctions[place] AS junctions
WITH key, place, cell, sum(junctions) AS junctions
WITH key, collect({step: place - 1, cell: cell, junctions: junctions}) AS steps
WITH list_sort(collect(key)) AS keys, collect({key: key, steps: steps}) AS ways
UNWIND ways AS way
WITH list_position(keys, way.key) AS path, way.steps AS steps
UNWIND steps AS s
RETURN path AS path, s.step AS step, s.cell AS cell, CASE WHEN s.step > 0 THEN s.junctions ELSE null END AS junctions
ORDER BY path, step
