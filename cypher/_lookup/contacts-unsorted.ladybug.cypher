// All samples of a file are complete, and without them this takes a quarter of the time (0.22).
MATCH (c:Cell)-[r:TOUCHES]->(d:Cell)
WHERE ($sample IS NULL OR c.sample = $sample OR d.sample = $sample)
  AND (c.label <> d.label OR c.sample <> d.sample)
  /* and conditions of c, d, r between c and d */
RETURN c.sample AS sample, c.label AS cell_a, d.label AS cell_b, r.junctions AS junctions, r.area AS area,
       r.junctions_z AS junctions_z, r.junctions_y AS junctions_y, r.junctions_x AS junctions_x,
       r.touching_edges AS touching_edges, r.touching_corners AS touching_corners,
       d.sample AS sample_b /* and further properties of r */
