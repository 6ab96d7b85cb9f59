// Package array encodes PostgreSQL's arrays as the bytes that a vector of an array type holds: dimensions, lower bounds, NULLs and
// elements. Two arrays with the same elements, byte by byte, have the same encoding.
//
//	empty array: no bytes
//	else:        head u8 | lengths uv × dimensions | lower bounds v × dimensions | presence | elements
//
// The head holds the number of dimensions (1 to 6) in bits 0 to 2; bit 3 says that some elements are NULL, so that presence is there:
// one bit each, lowest first, 1 = present; bit 4 says that not all lower bounds are 1, so that they are there. Elements stand in row-major
// order, NULLs left out: integers little-endian in the 2, 4 or 8 bytes of their type, floats in 4 or 8, booleans in one, intervals in
// 16, and whatever has a bytes layout as uv length and bytes.
//
// It must not know text forms, functions or tables.
package array
