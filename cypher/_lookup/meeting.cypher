// Those of some cells that meet the conditions of a question.
//
// Parameters
//   labels: int list    labels of the cells
//   samples: str list   names of their samples
// Conditions
//   c: reported
// Returns
//   sample: str         name of the sample
//   label: int          label of the cell
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE c.sample IN $samples AND c.label IN $labels AND s.name = c.sample /* and conditions of c */
RETURN s.name AS sample, c.label AS label
ORDER BY sample, label
