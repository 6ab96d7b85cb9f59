// Package exec runs plans: it turns each node into parts, which are pulled in parallel, a batch at a time. What
// breaks a pipeline (aggregation, sorting, the side of a join that is held) eats its input's parts with one private
// state per worker and joins the states at the end.
//
// A part is a stream that needs nothing from its siblings, so a morsel of a scan, with the filters, projections and
// look-ups of joins above it, runs on whichever worker is free. Everything held is reserved from the query's pools:
// what does not fit is kept in temporary files (spill_rows.go says what operators are built of).
//
// It must not know SQL text, catalogs or where rows come from.
package exec
