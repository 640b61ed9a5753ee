// The contacts in any order, each in the direction in which it is stored.
//
// Of one between two samples, both are told. The compiled form of the query `contacts` puts them in order: to sort
// millions of rows takes a database much longer and much more memory.
//
// Parameters
//   sample: str = null      name of one sample; null is all
// Conditions
//   c: reported
//   d: reported
//   r: contact
//   direction: compiled
// Returns
//   sample: str             name of the sample of cell_a
//   cell_a: int             label of the one cell
//   cell_b: int             label of the other cell
//   junctions: int          number of voxel faces that the two share (2D: pixel edges)
//   area: float             physical area of those faces (2D: length)
//   junctions_z: int        of these, faces with normal z
//   junctions_y: int        of these, faces with normal y
//   junctions_x: int        of these, faces with normal x
//   touching_edges: int     voxel pairs that meet only along an edge (connectivity 18, 26)
//   touching_corners: int   voxel or pixel pairs that meet only in a corner (connectivity 26, 8)
//   sample_b: str           name of the sample of cell_b
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)-[r:TOUCHES]->(d:Cell)
WHERE ($sample IS NULL OR c.sample = $sample OR d.sample = $sample)
  AND (c.label <> d.label OR c.sample <> d.sample)
  /* and conditions of c, d, r between c and d */
RETURN c.sample AS sample, c.label AS cell_a, d.label AS cell_b, r.junctions AS junctions, r.area AS area,
       r.junctions_z AS junctions_z, r.junctions_y AS junctions_y, r.junctions_x AS junctions_x,
       r.touching_edges AS touching_edges, r.touching_corners AS touching_corners,
       d.sample AS sample_b /* and further properties of r */
