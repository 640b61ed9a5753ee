// Contacts: every relationship between two different cells, once, with its junctions.
//
// The cell with the smaller label stands first. A table import may have given a pair more than once; each relationship
// is a row then. One between two samples is among the contacts of both. What else a load has counted follows at the end
// (sites: of how many connected patches the contact consists), and columns that came with an import; of samples loaded
// as directed also source and target, the labels of the cells from and to which it leads.
//
// Parameters
//   cell: int list = null (cell)  only contacts of these cells; with a direction, those that lead from them, or to them
//   sample: str = null      name of one sample; null is all
// Conditions
//   c: reported
//   d: reported
//   r: contact
//   direction: compiled
// Returns
//   sample: str             name of the sample of cell_a
//   cell_a: int             label of the first cell, the smaller of the two
//   cell_b: int             label of the other cell
//   junctions: int          number of voxel faces that the two share (2D: pixel edges)
//   area: float             physical area of those faces (2D: length)
//   junctions_z: int        of these, faces with normal z
//   junctions_y: int        of these, faces with normal y
//   junctions_x: int        of these, faces with normal x
//   touching_edges: int     voxel pairs that meet only along an edge (connectivity 18, 26)
//   touching_corners: int   voxel or pixel pairs that meet only in a corner (connectivity 26, 8)
//   sample_b: str           name of the sample of cell_b
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)-[r:TOUCHES]-(d:Cell)
WHERE ($sample IS NULL OR s.name = $sample)
  AND ($cell IS NULL OR c.label IN $cell OR (d.label IN $cell AND d.sample = s.name))
  AND (c.label < d.label OR (c.label = d.label AND c.sample < d.sample)
       OR ($sample IS NOT NULL AND c.sample <> d.sample))
  /* and conditions of c, d, r between c and d */
WITH r, c.label < d.label OR (c.label = d.label AND c.sample < d.sample) AS in_order,
     c.label AS label, c.sample AS own, d.label AS other_label, d.sample AS other
RETURN CASE WHEN in_order THEN own ELSE other END AS sample,
       CASE WHEN in_order THEN label ELSE other_label END AS cell_a,
       CASE WHEN in_order THEN other_label ELSE label END AS cell_b,
       r.junctions AS junctions, r.area AS area,
       r.junctions_z AS junctions_z, r.junctions_y AS junctions_y, r.junctions_x AS junctions_x,
       r.touching_edges AS touching_edges, r.touching_corners AS touching_corners,
       CASE WHEN in_order THEN other ELSE own END AS sample_b /* and further properties of r */
ORDER BY sample, cell_a, cell_b, sample_b, junctions DESC, area DESC
