// The sample nodes with all their properties.
//
// Returns
//   node: str   the node as JSON
//   name: str   its name
MATCH (s:Sample {status: 'complete'})
RETURN s AS node, s.name AS name
ORDER BY name
