// Package fn is the registry of functions: scalar functions, operators, casts and aggregates, their overloads and
// the rules that choose among them. Their meaning is PostgreSQL's. One file per family; each family has one function that
// adds it to a Registry.
//
// It must not know SQL text, tables or operators of a plan.
package fn
