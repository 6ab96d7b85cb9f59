// Package drivers holds PostgreSQL's own clients against a server, as their users run them: psql, lib/pq and pgx (in the module golang),
// node-postgres, psycopg, asyncpg and pgjdbc. Each driver's program is in a folder of its own and is told an address; what it does and expects
// stands there. This package starts the server, a new one for each driver, and runs them. It must not know what they ask.
package drivers
