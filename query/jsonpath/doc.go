// Package jsonpath is the path language of SQL/JSON: Parse reads a path, Path.Query walks over a document with it. Lax and strict mode,
// filters, item methods, arithmetic, like_regex, datetime() and variables are PostgreSQL's, as are its errors.
//
// It must not know columns of data, SQL text or functions: how numbers are computed and regular expressions matched is given to it.
package jsonpath
