// The contacts whose first cell has one of some ids, in any order, each in the direction in which it is stored.
//
// Parameters
//   first_id: int           the first id
//   stop_id: int            one past the last id
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
MATCH (c:Cell)-[r:TOUCHES]->(d:Cell)
WHERE c.id >= $first_id AND c.id < $stop_id AND c.id <> d.id
RETURN c.sample AS sample, c.label AS cell_a, d.label AS cell_b, r.junctions AS junctions, r.area AS area,
       r.junctions_z AS junctions_z, r.junctions_y AS junctions_y, r.junctions_x AS junctions_x,
       r.touching_edges AS touching_edges, r.touching_corners AS touching_corners,
       d.sample AS sample_b /* and further properties of r */
