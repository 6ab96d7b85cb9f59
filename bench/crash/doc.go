// Package crash proves that nothing acknowledged is lost and nothing is there twice: writers send numbered rows to a
// server, which is killed with SIGKILL at random moments and started again; then every row that SQL shows is held
// against the ledger of what was acknowledged. Flush, compaction and catalog commits run all the time, so kills fall
// into them. Transactions does the same to transactions of several
// statements, Definitions to ALTER TABLE and indexes. It must not know what the server does to keep its word.
package crash
