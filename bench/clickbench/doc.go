// Package clickbench is the shape of the ClickBench benchmark: one wide table of page views and its 43 queries, in their published order. The
// rows are generated here, with the skew that such logs have: few counters, users, phrases and pages take most of the hits.
//
// So that an answer is one and no other, ORDER BY goes on to the other columns where the benchmark leaves ties open; thresholds, offsets
// and the constants that are looked for are those of the generated rows.
package clickbench
