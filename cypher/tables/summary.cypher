// The network of each sample in some twenty numbers.
//
// The Cypher has the first ones; `cellgraph query` also computes components, distances, clustering, assortativity and
// what cells measure. In large samples, mean_path and diameter are estimated from some cells: they are then called
// mean_path_estimate and diameter_at_least.
//
// Parameters
//   sample: str = null   name of one sample; null is all
// Conditions
//   c: cell
//   d: cell
//   r: contact
//   direction: none
// Returns
//   sample: str          name of the sample
//   measure: str         its name
//   value: float         its value
//   unit: str            what it is counted in
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE ($sample IS NULL OR s.name = $sample) /* and conditions of c */
OPTIONAL MATCH (c)-[r:TOUCHES]-(d:Cell)
WHERE d.id <> c.id AND d.sample = c.sample /* and conditions of d, r between c and d */
WITH s.name AS sample, c.id AS id, count(r) AS contacts, count(DISTINCT d.id) AS degree
WITH sample, count(id) AS cells, sum(contacts) / 2 AS contacts, sum(degree) / 2 AS pairs,
     sum(CASE WHEN degree = 0 THEN 1 ELSE 0 END) AS isolated, avg(degree) AS degree_mean, max(degree) AS degree_max
UNWIND [1, 2, 3, 4, 5, 6] AS number
WITH sample, number, 1.0 * CASE number WHEN 1 THEN cells WHEN 2 THEN contacts WHEN 3 THEN pairs WHEN 4 THEN isolated
                                WHEN 5 THEN degree_mean ELSE degree_max END AS value
RETURN sample AS sample,
       CASE number WHEN 1 THEN 'cells' WHEN 2 THEN 'contacts' WHEN 3 THEN 'pairs' WHEN 4 THEN 'isolated'
                   WHEN 5 THEN 'degree_mean' ELSE 'degree_max' END AS measure,
       value AS value, CASE number WHEN 2 THEN 'contacts' WHEN 3 THEN 'pairs' ELSE 'cells' END AS unit
ORDER BY sample, number
