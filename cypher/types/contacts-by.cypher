// Which types of cells touch which: contacts between the types of a column, observed and expected.
//
// One row for each sample and two types that it has; the type that comes first in the order of the alphabet is type_a.
// With a direction, contacts lead from type_a to type_b. A contact counts once for each of its relationships. Expected
// are as many as if the types were dealt at random to the cells: of n cells and m contacts, m 2 n_a n_b / (n (n - 1))
// between two types and m n_a (n_a - 1) / (n (n - 1)) within one. Cells without a type, and contacts between
// samples, are left out.
//
// Parameters
//   by: str (cells)        column with the types of cells
//   sample: str = null     name of one sample; null is all
// Conditions
//   c: reported
//   d: reported
//   e: reported
//   a: reported
//   b: reported
//   x: reported
//   y: reported
//   r: contact
//   q: contact
//   direction: compiled
// Returns
//   sample: str            name of the sample
//   type_a: str            the one type
//   type_b: str            the other, or the same
//   contacts: int          contacts between them
//   junctions: int         their junctions
//   area: float            their area
//   expected: float        contacts expected if types were dealt at random
//   ratio: float           contacts divided by expected; null where none are expected
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE ($sample IS NULL OR s.name = $sample) AND c.$by IS NOT NULL /* and conditions of c */
WITH s, c.$by AS type_a, count(c.id) AS n_a
MATCH (s)-[:HAS_CELL]->(d:Cell)
WHERE d.$by >= type_a /* and conditions of d */
WITH s, type_a, n_a, d.$by AS type_b, count(d.id) AS n_b
MATCH (s)-[:HAS_CELL]->(e:Cell)
WHERE e.$by IS NOT NULL /* and conditions of e */
WITH s, type_a, n_a, type_b, n_b, count(e.id) AS n
OPTIONAL MATCH (s)-[:HAS_CELL]->(x:Cell)-[q:TOUCHES]->(y:Cell)
WHERE y.sample = s.name AND x.id <> y.id AND x.$by IS NOT NULL AND y.$by IS NOT NULL
  /* and conditions of x, y, q between x and y */
WITH s, type_a, n_a, type_b, n_b, n, count(q) AS m
OPTIONAL MATCH (s)-[:HAS_CELL]->(a:Cell)-[r:TOUCHES]-(b:Cell)
WHERE b.sample = s.name AND a.id <> b.id AND a.$by = type_a AND b.$by = type_b
  AND (type_a <> type_b OR a.id < b.id) /* and conditions of a, b, r between a and b */
WITH s.name AS sample, type_a, n_a, type_b, n_b, n, m, count(r) AS contacts,
     coalesce(sum(r.junctions), 0) AS junctions,
     CASE WHEN count(r) = 0 THEN 0.0 WHEN count(r.area) > 0 THEN sum(r.area) ELSE null END AS area
WITH sample, type_a, type_b, contacts, junctions, area,
     CASE WHEN n < 2 THEN 0.0
          ELSE m * (CASE WHEN type_a = type_b THEN n_a * (n_a - 1.0) ELSE 2.0 * n_a * n_b END) / (n * (n - 1.0)) END AS expected
RETURN sample AS sample, type_a AS type_a, type_b AS type_b, contacts AS contacts, junctions AS junctions, area AS area,
       expected AS expected, CASE WHEN expected > 0 THEN contacts / expected ELSE null END AS ratio
ORDER BY sample, type_a, type_b
