package catalog

import "testing"

// TestSizes holds amounts to what PostgreSQL 15 prints and reads.
func TestSizes(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0 bytes", 10239: "10239 bytes", 10240: "10 kB", 123456789: "118 MB", -123456789: "-118 MB", 10484736: "10239 kB", 10485760: "10 MB", 20970495: "20 MB", 20971520: "20 MB", 1 << 40: "1024 GB",
	} {
		if got := prettySize(v, true); got != want {
			t.Errorf("%v is %s, want %s", v, got, want)
		}
	}
	for text, want := range map[string]int64{"1.5 GB": 1610612736, "10": 10, " 2 kB ": 2048, "-1 MB": -1 << 20, "3bytes": 3} {
		if got, err := sizeBytes(text); err != nil || got != want {
			t.Errorf("%q is %v, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "x", "1 ZB", "1 2"} {
		if v, err := sizeBytes(text); err == nil {
			t.Errorf("%q is %v", text, v)
		}
	}
}

// TestFacts reads the files of facts: what they name is known.
func TestFacts(t *testing.T) {
	for _, s := range shapes() {
		for _, c := range s.columns {
			if !c.typ.Valid() {
				t.Errorf("%s.%s has a type that is not known", s.full(), c.name)
			}
		}
	}
	for name := range makers {
		if shapesByName()[name] == nil && ownShapes()[name] == nil {
			t.Errorf("rows are made of %s, which is not there", name)
		}
	}
	for name, list := range pushed {
		for _, c := range list {
			if s := shapesByName()[name]; s == nil || s.index(c) < 0 {
				t.Errorf("there is no %s.%s to have conditions on", name, c)
			}
		}
	}
	seen := map[int64]string{}
	for _, s := range shapes() {
		if other := seen[s.oid]; other != "" {
			t.Errorf("%s and %s have one number", s.full(), other)
		}
		seen[s.oid] = s.full()
	}
}
