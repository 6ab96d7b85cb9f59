// Package measure sums up what was measured, and writes figures for people: what the reports of all comparisons share. It must not know
// what is measured.
package measure
