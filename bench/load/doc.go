// Package load makes remote-write bodies, sends them and measures what the server spends on them. Bodies are encoded
// before anything is measured, so that the figures are the server's and not the client's. It must not know how the
// server works inside: it speaks the protocol, and reads /proc for what a process used.
package load
