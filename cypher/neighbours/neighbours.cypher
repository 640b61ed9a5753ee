// The cells that a cell touches, most junctions first.
//
// Relationships that a table import gave for the same two cells are added up.
//
// Parameters
//   cell: int list (cell)  label of the cell, or of several
//   sample: str = null     name of its sample; null where the label is in one sample only
// Conditions
//   c: reported
//   d: cell
//   r: contact
//   over: any
// Returns
//   sample: str            name of the sample of the cell
//   cell: int              label of the cell
//   neighbour: int         label of a cell that it touches
//   junctions: int         voxel faces that the two share
//   area: float            area of those faces
//   neighbour_sample: str  name of the sample of the neighbour
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)-[r:TOUCHES]-(d:Cell)
WHERE c.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND c.label IN $cell AND d.id <> c.id
  /* and conditions of c, d, r between c and d */
WITH s.name AS sample, c.label AS cell, d.label AS neighbour, d.sample AS neighbour_sample,
     sum(r.junctions) AS junctions, CASE WHEN count(r.area) > 0 THEN sum(r.area) ELSE null END AS area
RETURN sample AS sample, cell AS cell, neighbour AS neighbour, junctions AS junctions, area AS area,
       neighbour_sample AS neighbour_sample
ORDER BY sample, cell, junctions DESC, neighbour, neighbour_sample
