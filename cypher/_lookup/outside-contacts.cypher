// Whether cells of a sample touch cells of another one, as a table import may have it.
//
// Parameters
//   sample: str    name of the sample
// Returns
//   outside: int   label of a cell of the sample that does; no row where there is none
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)-[:TOUCHES]-(d:Cell)
WHERE s.name = $sample AND d.sample <> c.sample
RETURN c.label AS outside
ORDER BY outside
LIMIT 1
