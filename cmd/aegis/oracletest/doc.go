// Package oracletest holds tests that ask Aegis and a real PostgreSQL the same statements and compare what they say: names
// and types of columns, rows as text, SQLSTATEs and positions of errors. Scripts in testdata go area by area, a seeded
// generator goes everywhere else, and the SQL manual's examples are run as they are printed.
//
// It has no code of its own: PostgreSQL is started by the tests and never needed by the product.
package oracletest
