// Samples in the database, and how each was made.
//
// A table import may have brought further properties (as the weight of an animal); they follow at the end.
//
// Parameters
//   sample: str = null   name of one sample; null is all
// Returns
//   sample: str          name of the sample
//   cells: int           number of its cells
//   contacts: int        number of relationships of its cells
//   shape: int list      shape of the volume, (z, y, x) or (y, x); empty for a table import
//   spacing: float list  size of a voxel, in the order of the shape
//   unit: str            unit of lengths; voxel where none is known
//   background: int      the label that is no cell, one above 2^63-1 less 2^64; null where every label is one
//   connectivity: int    6, 18 or 26 in 3D; 4 or 8 in 2D; 0 where contacts were given
//   read: str            how it was read, and where each part of that comes from; null if unknown
//   source: str          where it was read from
//   created: str         when, in UTC
//   version: str         version of cellgraph
MATCH (s:Sample {status: 'complete'})
WHERE ($sample IS NULL OR s.name = $sample)
RETURN s.name AS sample, s.cells AS cells, s.contacts AS contacts, s.shape AS shape, s.spacing AS spacing,
       s.unit AS unit, s.background AS background, s.connectivity AS connectivity, s.reading AS read,
       s.source AS source, s.created AS created, s.version AS version /* and further properties of s */
ORDER BY sample
