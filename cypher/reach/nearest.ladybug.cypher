// Ladybug has its own words for shortest paths, and the smallest of a key for the first of a list.
MATCH (c:Cell), (s:Sample {status: 'complete'})
WHERE c.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND ($cell IS NULL OR c.label IN $cell)
  /* and conditions of c */
OPTIONAL MATCH (own:Cell)
WHERE own.id = c.id /* and conditions of own */
OPTIONAL MATCH p = (c)-[:TOUCHES* SHORTEST 1..$longest /* conditions of r, n */]-(e:Cell)
WHERE e.id <> c.id /* and conditions of e */
WITH s.name AS sample, c.label AS cell, own.id AS own, length(p) AS hops, e
WITH sample, cell, own, hops, min(concat(lpad(cast(e.label, 'STRING'), 20, '0'), e.sample)) AS key,
     min(e.label) AS label
WITH sample, cell, own, collect({hops: hops, label: label, key: key}) AS them, min(hops) AS hops
UNWIND them AS one
WITH sample, cell, own, hops, one
WHERE hops IS NULL OR one.hops = hops
RETURN sample AS sample, cell AS cell, CASE WHEN own IS NOT NULL THEN 0 ELSE hops END AS hops,
       CASE WHEN own IS NOT NULL THEN cell ELSE one.label END AS nearest,
       CASE WHEN own IS NOT NULL THEN sample WHEN hops IS NULL THEN null
            ELSE substring(one.key, 21, 1000) END AS nearest_sample
ORDER BY sample, cell
