// The samples that have cells of some labels.
//
// Parameters
//   labels: int list    labels of the cells
//   samples: str list   names of the samples to look in
// Returns
//   sample: str         name of a sample that has one
//   label: int          its label
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE c.sample IN $samples AND c.label IN $labels AND s.name = c.sample
RETURN s.name AS sample, c.label AS label
ORDER BY sample, label
