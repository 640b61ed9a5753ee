// The cells with all their measures.
//
// Columns that came with a table import follow at the end. Lengths are in the unit of the sample.
//
// Parameters
//   sample: str = null     name of one sample; null is all
// Conditions
//   c: reported
// Returns
//   sample: str            name of the sample
//   cell: int              label of the cell
//   voxels: int            number of voxels
//   volume: float          voxels times the volume of a voxel (2D: area)
//   z: float               centroid (2D: 0)
//   y: float               centroid
//   x: float               centroid
//   degree: int            number of cells that it touches
//   junctions: int         voxel faces shared with other cells
//   on_border: bool        whether it touches the border of the volume, and so may be cut off
//   surface_area: float    area of all its voxel faces
//   background_faces: int  voxel faces to the background
//   border_faces: int      voxel faces on the border of the volume
//   background_area: float  area of the faces to the background
//   border_area: float     area of the faces on the border of the volume
//   z_start: int           bounding box, first index
//   y_start: int           bounding box, first index
//   x_start: int           bounding box, first index
//   z_stop: int            bounding box, one past the last index
//   y_stop: int            bounding box, one past the last index
//   x_stop: int            bounding box, one past the last index
//   length: float          longest full axis of the ellipsoid of equal second moments
//   width: float           middle full axis (2D: the shorter one)
//   height: float          shortest full axis (2D: null)
//   stretch: float         (length - height) / length; 0 is a sphere (2D: with the width)
//   oblateness: float      2 (width - height) / (length - height) - 1; 1 is a disc, -1 is a rod (2D: null)
//   length_axis_z: float   unit vector along the length
//   length_axis_y: float   unit vector along the length
//   length_axis_x: float   unit vector along the length
//   width_axis_z: float    unit vector along the width
//   width_axis_y: float    unit vector along the width
//   width_axis_x: float    unit vector along the width
//   height_axis_z: float   unit vector along the height (2D: null)
//   height_axis_y: float   unit vector along the height (2D: null)
//   height_axis_x: float   unit vector along the height (2D: null)
MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)
WHERE ($sample IS NULL OR s.name = $sample) /* and conditions of c */
RETURN s.name AS sample, c.label AS cell, c.voxels AS voxels, c.volume AS volume, c.z AS z, c.y AS y, c.x AS x,
       c.degree AS degree, c.junctions AS junctions, c.on_border AS on_border, c.surface_area AS surface_area,
       c.background_faces AS background_faces, c.border_faces AS border_faces,
       c.background_area AS background_area, c.border_area AS border_area,
       c.z_start AS z_start, c.y_start AS y_start, c.x_start AS x_start,
       c.z_stop AS z_stop, c.y_stop AS y_stop, c.x_stop AS x_stop,
       c.length AS length, c.width AS width, c.height AS height, c.stretch AS stretch, c.oblateness AS oblateness,
       c.length_axis_z AS length_axis_z, c.length_axis_y AS length_axis_y, c.length_axis_x AS length_axis_x,
       c.width_axis_z AS width_axis_z, c.width_axis_y AS width_axis_y, c.width_axis_x AS width_axis_x,
       c.height_axis_z AS height_axis_z, c.height_axis_y AS height_axis_y,
       c.height_axis_x AS height_axis_x /* and further properties of c */
ORDER BY sample, cell
