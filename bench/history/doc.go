// Package history holds what clients saw of their transactions against what an isolation level promises.
//
// Clients append values to lists, one list a key, and read whole lists. Values of a key never repeat, so a list says which transactions wrote it and in which
// order: the dependencies between transactions follow from what was read, as in Elle (Kingsbury and Alvaro, VLDB 2020, https://arxiv.org/abs/2003.10554).
// It knows nothing of servers: whoever runs the transactions writes down what they did.
package history
