// Reciprocal pairs of directed samples: cells with contacts in both directions.
//
// Parameters
//   sample: str = null      name of one sample; null is all
// Conditions
//   a: reported
//   b: reported
//   r: contact
//   q: contact
//   direction: none
// Returns
//   sample: str             name of the sample of cell_a
//   cell_a: int             label of the first cell, the smaller of the two
//   cell_b: int             label of the other
//   contacts_ab: int        number of relationships from cell_a to cell_b
//   contacts_ba: int        number of those back
//   junctions_ab: int       their junctions
//   junctions_ba: int       those of the way back
//   sample_b: str           name of the sample of cell_b
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(a:Cell)-[r:TOUCHES]->(b:Cell)
WHERE a.sample = s.name AND ($sample IS NULL OR s.name = $sample OR b.sample = $sample)
  AND (a.label < b.label OR (a.label = b.label AND a.sample < b.sample)) /* and conditions of a, b, r between a and b */
WITH a, b, count(r) AS contacts_ab, sum(r.junctions) AS junctions_ab
MATCH (b)-[q:TOUCHES]->(a)
/* where conditions of q between a and b */
RETURN a.sample AS sample, a.label AS cell_a, b.label AS cell_b, contacts_ab AS contacts_ab, count(q) AS contacts_ba,
       junctions_ab AS junctions_ab, sum(q.junctions) AS junctions_ba, b.sample AS sample_b
ORDER BY sample, cell_a, cell_b, sample_b
