// Package golang holds Go's drivers, lib/pq and pgx, against a server whose URL is in AEGIS_PG_URL. It is a module of its own, so that
// lib/pq weighs on nobody who embeds Aegis; the tests are skipped where no server is named.
package golang
