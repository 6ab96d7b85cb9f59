// Package query runs statements: text → AST → bound plan → optimized plan → operators → batches. It owns sessions,
// their settings and limits, and how much of the machine one statement may use.
//
// It must not know protocols (api speaks them) or where bytes live: it reads tables through plan.Resolver and
// scan.Source, and changes them through meta.Catalog and meta.Writer.
package query
