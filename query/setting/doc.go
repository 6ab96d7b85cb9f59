// Package setting owns the settings of a session: their names, types and ranges, what SET may give them, how SHOW prints them, and what they
// mean to those who act on them: time zone, styles of dates and intervals, search path, limits.
//
// Names, values and errors are PostgreSQL's. A setting that changes nothing in Aegis says so in its description, which pg_settings shows:
// clients switch such things on and off at their start, and would not go on if they were refused.
package setting
