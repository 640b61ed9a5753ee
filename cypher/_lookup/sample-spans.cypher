// Where the cells of each sample are: they have the ids from first_id on, in the order of their labels.
//
// Parameters
//   sample: str = null   name of one sample; null is all
// Returns
//   name: str            name of the sample
//   id: int              its number in the database
//   loaded: int          when it became visible, milliseconds since 1970
//   connectivity: int    0 where contacts were given
//   first_id: int        id of its first cell
//   cells: int           number of its cells
//   contacts: int        number of its contacts
MATCH (s:Sample {status: 'complete'})
WHERE ($sample IS NULL OR s.name = $sample)
RETURN s.name AS name, s.id AS id, s.loaded AS loaded, s.connectivity AS connectivity, s.first_id AS first_id,
       s.cells AS cells, s.contacts AS contacts
ORDER BY name
