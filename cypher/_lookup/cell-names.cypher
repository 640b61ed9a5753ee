// The names of cells. Only for databases in which cells have names.
//
// Parameters
//   samples: str list        names of the samples of the cells
//   labels: int list = null  their labels; null is all
// Returns
//   sample: str              name of the sample
//   label: int               label of the cell
//   name: str                its name
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE c.sample IN $samples AND s.name = c.sample AND ($labels IS NULL OR c.label IN $labels) AND c.name IS NOT NULL
RETURN s.name AS sample, c.label AS label, c.name AS name
ORDER BY sample, label
