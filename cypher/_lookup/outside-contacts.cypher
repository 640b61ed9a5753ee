// Whether cells of a sample touch cells of another one, as a table import may have it.
//
// Parameters
//   sample: str    name of the sample
// Returns
//   outside: int   number of such relationships, counted no farther than one
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)-[:TOUCHES]-(d:Cell)
WHERE s.name = $sample AND d.sample <> c.sample
WITH d
LIMIT 1
RETURN count(d) AS outside
ORDER BY outside
