package head

// Retained is how many bytes the generations take that snapshots name and the head has dropped.
func (h *Head) Retained(snapshots []*Snapshot) (bytes int64) {
	h.mu.RLock()
	seen := map[*Generation]bool{}
	for _, g := range h.gens {
		seen[g] = true
	}
	h.mu.RUnlock()
	for _, s := range snapshots {
		for _, g := range s.gens {
			if !seen[g] {
				seen[g] = true
				bytes += g.bytes.Load()
			}
		}
	}
	return bytes
}
