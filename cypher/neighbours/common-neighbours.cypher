// The cells that two cells both touch.
//
// Parameters
//   source: int (cell)      label of the one cell (--from)
//   target: int (cell)      label of the other (--to)
//   sample: str = null      name of their sample; null where the labels are in one sample only
// Conditions
//   a: reported
//   b: reported
//   x: cell
//   r: contact
//   q: contact
// Returns
//   neighbour: int          label of a cell that both touch
//   junctions_source: int   junctions that it shares with the one
//   junctions_target: int   junctions that it shares with the other
//   neighbour_sample: str   name of its sample
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(a:Cell)-[r:TOUCHES]-(x:Cell)
WHERE a.sample = s.name AND ($sample IS NULL OR s.name = $sample) AND a.label = $source AND x.id <> a.id
  /* and conditions of a, x, r between a and x */
WITH a, x, sum(r.junctions) AS junctions_source
MATCH (t:Sample {status: 'complete'})-[:HAS_CELL]->(b:Cell)-[q:TOUCHES]-(x)
WHERE b.sample = t.name AND ($sample IS NULL OR t.name = $sample) AND b.label = $target AND x.id <> b.id
  /* and conditions of b, q between b and x */
RETURN x.label AS neighbour, junctions_source AS junctions_source, sum(q.junctions) AS junctions_target,
       x.sample AS neighbour_sample
ORDER BY neighbour, neighbour_sample
