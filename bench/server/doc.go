// Package server runs an aegis server as a child process and talks to it as its users do: the command line starts it, a
// signal stops it, HTTP asks it. It builds the binary from this tree unless it is told of one, so that a test never
// runs against yesterday's. It must not import anything of the product.
package server
