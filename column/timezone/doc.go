// Package timezone finds the time zones that texts name, as PostgreSQL does: by a name of the zone database in any case, by POSIX' form with or
// without a rule for summer time, and by the abbreviations of its default set.
package timezone
