// Contacts that a neighbour exchange (T1) could take away: short, with two common neighbours that do not touch.
//
// After the exchange the two cells no longer touch, and the two common neighbours do. Shortest contacts come first.
// Conditions on contacts decide which cells are common neighbours; whether these two touch is judged by every contact,
// also one that does not meet the conditions, as an exchange could not make a contact that is there.
//
// Parameters
//   max_junctions: int = null     only contacts of at most so many junctions
//   max_area: float = null        only contacts of at most this area
//   sample: str = null            name of one sample; null is all
// Conditions
//   a: reported
//   b: reported
//   x: cell
//   r: contact
//   p: contact
//   q: contact
//   direction: none
// Returns
//   sample: str                   name of the sample of cell_a
//   cell_a: int                   label of the first cell, the smaller of the two
//   cell_b: int                   label of the other
//   junctions: int                junctions of the two
//   area: float                   area of their contact
//   gain_a: int                   label of the one common neighbour, the smaller
//   gain_b: int                   label of the other
//   sample_b: str                 name of the sample of cell_b
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(a:Cell)-[r:TOUCHES]-(b:Cell)
WHERE a.sample = s.name AND ($sample IS NULL OR s.name = $sample OR b.sample = $sample)
  AND (a.label < b.label OR (a.label = b.label AND a.sample < b.sample)) /* and conditions of a, b, r between a and b */
WITH a, b, sum(r.junctions) AS junctions, CASE WHEN count(r.area) > 0 THEN sum(r.area) ELSE null END AS area
WHERE ($max_junctions IS NULL OR junctions <= $max_junctions) AND ($max_area IS NULL OR area <= $max_area)
MATCH (a)-[p:TOUCHES]-(x:Cell)
WHERE x.id <> a.id AND x.id <> b.id /* and conditions of x, p between a and x */
WITH DISTINCT a, b, junctions, area, x
MATCH (x)-[q:TOUCHES]-(b)
/* where conditions of q between x and b */
WITH a, b, junctions, area, min(x.id) AS first, max(x.id) AS last, count(DISTINCT x.id) AS common
WHERE common = 2
MATCH (g:Cell), (h:Cell)
WHERE g.id = first AND h.id = last
OPTIONAL MATCH (g)-[touching:TOUCHES]-(h)
WITH a, b, junctions, area, g, h, count(touching) AS contacts
WHERE contacts = 0
RETURN a.sample AS sample, a.label AS cell_a, b.label AS cell_b, junctions AS junctions, area AS area,
       CASE WHEN g.label < h.label THEN g.label ELSE h.label END AS gain_a,
       CASE WHEN g.label < h.label THEN h.label ELSE g.label END AS gain_b, b.sample AS sample_b
ORDER BY area, junctions, sample, cell_a, cell_b, sample_b
