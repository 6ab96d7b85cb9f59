// Package parquetio writes batches as one Parquet file while they come (row groups of bounded memory, encoded by several cores, types
// as in segments), and reads files of any writer. It knows columns and rows, and must not know where they come from or go to.
package parquetio
