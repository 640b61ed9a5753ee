// How many cells are within 1, 2, … k contacts of a cell: mean, smallest, median and largest number of each sample.
//
// The median is the lower of the two middle numbers where there are two.
//
// Parameters
//   k: int = 2 (1..30, literal)  largest distance
//   sample: str = null           name of one sample; null is all
// Conditions
//   c: reported
//   d: cell
//   p: path
//   over: any
// Returns
//   sample: str                  name of the sample
//   hop: int                     distance in contacts, 1 to k
//   counted: int                 number of cells that were looked at: all of the sample that are reported
//   cells_mean: float            cells at exactly this distance: mean over all cells of the sample
//   cells_min: int               smallest
//   cells_median: int            median
//   cells_max: int               largest
//   within_mean: float           cells up to this distance: mean over all cells of the sample
//   within_min: int              smallest
//   within_median: int           median
//   within_max: int              largest
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE ($sample IS NULL OR s.name = $sample) /* and conditions of c */
OPTIONAL MATCH p = (c)-[:TOUCHES*1..$k]-(d:Cell)
WHERE d <> c /* and conditions of d, p */
WITH s.name AS sample, c.id AS id, d, min(length(p)) AS distance
WITH sample, id, distance, count(d) AS reached
UNWIND range(1, $k) AS hop
WITH sample, id, hop, sum(CASE WHEN distance = hop THEN reached ELSE 0 END) AS cells,
     sum(CASE WHEN distance <= hop THEN reached ELSE 0 END) AS within
RETURN sample AS sample, hop AS hop, count(id) AS counted,
       toFloat(sum(cells)) / count(id) AS cells_mean, min(cells) AS cells_min, percentileDisc(cells, 0.5) AS cells_median,
       max(cells) AS cells_max,
       toFloat(sum(within)) / count(id) AS within_mean, min(within) AS within_min, percentileDisc(within, 0.5) AS within_median,
       max(within) AS within_max
ORDER BY sample, hop
