// Package peer runs the systems of the scoreboard, Aegis among them, each a real program in a process of its own, and asks all
// of them in one way: load a workload, settle, answer a query, measure many. What is measured is the time until the whole
// answer is there; what an answer means is read elsewhere, outside the measured time. It must not know what is reported, and
// nothing of the product: Aegis is a program here, too.
package peer
