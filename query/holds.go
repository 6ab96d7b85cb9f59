package query

import "github.com/automatanexus/aegis-db/query/catalog"

// OnHolds has a session say what it keeps under names, for the system relations that list it. f is called by who runs the session's statements.
func (s *Session) OnHolds(f func() catalog.Held) { s.holds = f }
