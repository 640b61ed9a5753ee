// The cells with the most similar neighbours: the Jaccard index of the sets of cells that two cells touch.
//
// Common neighbours over all neighbours of the two, and weighted: the sum of the smaller over the sum of the larger of
// the two values for each neighbour (Ruzicka), where a contact without a value counts as 0, which is noted, and values
// below 0 are refused. Only cells that have a neighbour in common.
//
// Parameters
//   cell: int list (cell)           label of the cell, or of several
//   of: str = junctions (contacts)  column of contacts that weighs them
//   limit: int = 10 (1..1000000)    most rows
//   sample: str = null              name of its sample; null where the label is in one sample only
// Conditions
//   c: reported
//   x: cell
//   o: cell
//   y: cell
//   r: contact
//   q: contact
//   t: contact
//   u: contact
// Returns
//   sample: str                     name of the sample of the cell
//   cell: int                       label of the cell
//   other: int                      label of another
//   common: int                     neighbours that both have
//   either: int                     neighbours that one or both have
//   jaccard: float                  common / either
//   weighted: float                 the same, weighted; null where neither has a value above 0
//   other_sample: str               name of the sample of the other
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)-[r:TOUCHES]-(x:Cell)
WHERE c.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND c.label IN $cell AND x.id <> c.id
  /* and conditions of c, x, r between c and x */
WITH c, x, sum(coalesce(r.$of, 0)) AS w
WITH c, count(x.id) AS mine, sum(w) AS weight
MATCH (c)-[q:TOUCHES]-(x:Cell)
WHERE x.id <> c.id /* and conditions of x, q between c and x */
WITH c, mine, weight, x, sum(coalesce(q.$of, 0)) AS w
MATCH (o:Cell)-[t:TOUCHES]-(x)
WHERE o.id <> x.id AND o.id <> c.id /* and conditions of o, t between o and x */
WITH c, mine, weight, x, w, o, sum(coalesce(t.$of, 0)) AS v
WITH c, mine, weight, o, count(x.id) AS common, sum(CASE WHEN w < v THEN w ELSE v END) AS least
MATCH (o)-[u:TOUCHES]-(y:Cell)
WHERE y.id <> o.id /* and conditions of y, u between o and y */
WITH c, mine, weight, o, common, least, y, sum(coalesce(u.$of, 0)) AS v
WITH c, mine, weight, o, common, least, count(y.id) AS theirs, sum(v) AS their_weight
RETURN c.sample AS sample, c.label AS cell, o.label AS other, common AS common, mine + theirs - common AS either,
       1.0 * common / (mine + theirs - common) AS jaccard,
       CASE WHEN weight + their_weight > least THEN 1.0 * least / (weight + their_weight - least) ELSE null END AS weighted,
       o.sample AS other_sample
ORDER BY jaccard DESC, weighted IS NULL, weighted DESC, sample, cell, other, other_sample
LIMIT $limit
