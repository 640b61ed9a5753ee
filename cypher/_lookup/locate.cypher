// The samples that have a cell of a label.
//
// Parameters
//   label: int          label of the cell
//   samples: str list   names of the samples to look in
// Returns
//   sample: str         name of a sample that has it
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE c.sample IN $samples AND c.label = $label AND s.name = c.sample
RETURN s.name AS sample
ORDER BY sample
