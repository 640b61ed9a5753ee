// The cells of a name. Only for databases in which cells have names.
//
// Parameters
//   name: str           name of the cell
//   samples: str list   names of the samples to look in
// Returns
//   sample: str         name of a sample that has it
//   label: int          its label there
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE c.sample IN $samples AND c.name = $name AND s.name = c.sample
RETURN s.name AS sample, c.label AS label
ORDER BY sample, label
