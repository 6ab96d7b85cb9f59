package segment

import "testing"

// TestAccount holds that no byte of a segment is left out or counted twice.
func TestAccount(t *testing.T) {
	_, files, ref := smallSegment(t)
	r, err := Open(t.Context(), files, ref, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	parts, err := r.Account(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	for _, p := range parts {
		if p.Bytes < 0 {
			t.Errorf("%s of column %d: %d bytes", p.What, p.Column, p.Bytes)
		}
		total += p.Bytes
	}
	if total != ref.DataBytes+ref.SidecarBytes {
		t.Errorf("the parts come to %d bytes, the files to %d", total, ref.DataBytes+ref.SidecarBytes)
	}
}
