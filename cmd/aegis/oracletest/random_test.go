//go:build linux

package oracletest

import (
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// random asks both sides statements of a generator with fixed seeds. AEGIS_ORACLE_STATEMENTS sets how many (default
// 2500), AEGIS_ORACLE_SEED where they start.
func random(t *testing.T, s *sides) {
	count, seed := setting("AEGIS_ORACLE_STATEMENTS", 2500), setting("AEGIS_ORACLE_SEED", 1)
	if testing.Short() {
		count = min(count, 300)
	}
	both, errors, bad, early := 0, 0, 0, 0
	defer s.zone(t, "UTC")
	for i := range count {
		if i%100 == 0 {
			s.zone(t, zones[i/100%len(zones)])
		}
		g := &generator{Rand: rand.New(rand.NewPCG(uint64(seed), uint64(i)))}
		text, c := g.statement()
		want := askPostgres(s.postgres, text)
		v := s.variants[i%len(s.variants)]
		got := askAegis(v.session, text)
		switch why := c.differ(want, got); {
		case want.state == "XX000" || want.state == "54001":
		case why != "" && conditions.MatchString(text) && (want.state == "") != (got.state == "") && refusesValue(want, got):
			// Conditions are tested in an order of either side's choice, so one of them may meet a value that the other has
			// sorted out before.
			early++
		case why != "":
			bad++
			t.Errorf("statement %d: %s\n    %s (%s)", i, text, why, v.name)
			if bad >= 40 {
				t.Fatal("enough")
			}
		case want.state != "":
			errors++
		default:
			both++
		}
	}
	t.Logf("%d statements answered alike, %d refused alike, %d refused by one side for a row that the other skips, %d not alike", both, errors, early, bad)
	if early*200 > count {
		t.Errorf("%d of %d statements fail on one side only", early, count)
	}
	// A generator that makes nonsense proves nothing.
	if both*3 < count*2 {
		t.Errorf("only %d of %d statements have an answer", both, count)
	}
}

// zones take turns; none of them is simple.
var zones = []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"}

// zone sets the time zone of every session.
func (s *sides) zone(t *testing.T, name string) {
	t.Helper()
	text := "SET timezone = '" + name + "'"
	if o := askPostgres(s.postgres, text); o.state != "" {
		t.Fatal(o.message)
	}
	for _, v := range s.variants {
		if o := askAegis(v.session, text); o.state != "" {
			t.Fatal(o.message)
		}
	}
}

// refusesValue says that the error of one of the two is about a value.
func refusesValue(a, b outcome) bool {
	return strings.HasPrefix(a.state+b.state, "22") || strings.HasPrefix(a.message+b.message, "cannot convert")
}

var conditions = regexp.MustCompile(`\b(WHERE|FILTER|AND|OR|BETWEEN)\b`)

func setting(name string, otherwise int) int {
	if v, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return v
	}
	return otherwise
}
