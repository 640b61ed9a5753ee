// The labels next to one that no cell has.
//
// Parameters
//   label: int           the label
//   sample: str = null   name of one sample; null is all
// Returns
//   below: int           the next smaller one
//   above: int           the next larger one
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE ($sample IS NULL OR s.name = $sample)
RETURN max(CASE WHEN c.label < $label THEN c.label END) AS below,
       min(CASE WHEN c.label > $label THEN c.label END) AS above
ORDER BY below
