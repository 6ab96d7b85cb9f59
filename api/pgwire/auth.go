package pgwire

// authenticate finds out whether the client is who it says. Without users everybody is.
func (c *session) authenticate() error { return nil }
