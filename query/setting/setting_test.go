package setting

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column/timezone"

	"github.com/automatanexus/aegis-db/column"
)

func newValues(t *testing.T) *Values {
	t.Helper()
	v, err := New(Options{User: "aegis", Timeout: 5 * time.Minute, WorkBytes: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestSetAndShow sets values and shows them: "error" and a SQLSTATE where they are refused. PostgreSQL gives the same (cmd/aegis/oracletest).
func TestSetAndShow(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"statement_timeout", "1.5s", "1500ms"},
		{"statement_timeout", "90min", "90min"},
		{"statement_timeout", "1d", "1d"},
		{"statement_timeout", " 5 min ", "5min"},
		{"statement_timeout", "0", "0"},
		{"statement_timeout", "-1", "22023 -1 ms is outside the valid range for parameter \"statement_timeout\" (0 .. 2147483647)"},
		{"statement_timeout", "5 x", "22023 invalid value for parameter \"statement_timeout\": \"5 x\""},
		{"work_mem", "64MB", "64MB"},
		{"work_mem", "10kB", "22023 10 kB is outside the valid range for parameter \"work_mem\" (64 .. 2147483647)"},
		{"work_mem", "2GB", "22023 2097152 kB is outside the valid range for parameter \"work_mem\" (64 .. 1048576)"},
		{"DateStyle", "german", "German, DMY"},
		{"datestyle", "iso, ymd", "ISO, YMD"},
		{"datestyle", "sql, postgres", "22023 invalid value for parameter \"DateStyle\": \"sql, postgres\""},
		{"intervalstyle", "ISO_8601", "iso_8601"},
		{"bytea_output", "x", "22023 invalid value for parameter \"bytea_output\": \"x\""},
		{"client_encoding", "unicode", "UTF8"},
		{"client_encoding", "latin1", "22023 invalid value for parameter \"client_encoding\": \"latin1\""},
		{"jit", "1", "on"},
		{"jit", "maybe", "22023 parameter \"jit\" requires a Boolean value"},
		{"standard_conforming_strings", "off", "0A000 this setting can only be \"on\""},
		{"server_version", "1", "55P02 parameter \"server_version\" cannot be changed"},
		{"port", "1", "55P02 parameter \"port\" cannot be changed without restarting the server"},
		{"timezone", "5", "<+05>-05"},
		{"timezone", "-7.5", "<-07:30>+07:30"},
		{"timezone", "europe/berlin", "Europe/Berlin"},
		{"timezone", "utc+3", "UTC+3"},
		{"timezone", "<+02>-02", "<+02>-02"},
		{"timezone", "PST", "22023 invalid value for parameter \"TimeZone\": \"PST\""},
		{"role", "nobody", "22023 role \"nobody\" does not exist"},
		{"nope", "1", "42704 unrecognized configuration parameter \"nope\""},
		{"my.own", "x", "x"},
		{"my.1wn", "x", "42602 invalid configuration parameter name \"my.1wn\""},
		{"transaction_isolation", "serializable", "serializable"},
		{"seq_page_cost", "1.50", "1.5"},
	} {
		v := newValues(t)
		err := v.SetText(c.name, c.value, false)
		got := ""
		var e *column.Error
		if errors.As(err, &e) {
			got = e.SQLState + " " + e.Message
		} else if got, err = v.Show(c.name); err != nil {
			t.Fatal(err)
		}
		if got != c.want {
			t.Errorf("SET %s = '%s': %s, want %s", c.name, c.value, got, c.want)
		}
	}
}

// TestWhatActs looks at what values come to.
func TestWhatActs(t *testing.T) {
	v := newValues(t)
	set := func(name string, values ...string) {
		t.Helper()
		if err := v.Set(name, values, false); err != nil {
			t.Fatal(err)
		}
	}
	if v.PlanKey() != "" || v.Timeout != 5*time.Minute || v.Location != time.UTC || strings.Join(v.Path, "|") != "$user|public|metrics" {
		t.Errorf("at the start: %+v", v)
	}
	set("search_path", "a", "B c", "x,y")
	if text, _ := v.Show("search_path"); text != `a, "B c", "x,y"` || strings.Join(v.Path, "|") != "a|B c|x,y" {
		t.Errorf("search_path %s, %q", text, v.Path)
	}
	set("timezone", "Asia/Tokyo")
	set("statement_timeout", "2s")
	if v.Location.String() != "Asia/Tokyo" || v.Timeout != 2*time.Second || !strings.Contains(v.PlanKey(), "Asia/Tokyo") || strings.Contains(v.PlanKey(), "statement_timeout") {
		t.Errorf("%+v", v)
	}
	if err := v.ResetAll(); err != nil || v.PlanKey() != "" || v.Location != time.UTC {
		t.Errorf("RESET ALL: %v %+v", err, v)
	}
}

// TestTransactions follows settings through blocks that are committed and rolled back.
func TestTransactions(t *testing.T) {
	for _, c := range []struct {
		steps     string // s = SET, l = SET LOCAL, in the block, each with its own value
		committed bool
		want      string
	}{
		{"s", true, "1"},
		{"s", false, "0"},
		{"l", true, "0"},
		{"l", false, "0"},
		{"sl", true, "1"},
		{"ls", true, "2"},
		{"sls", true, "3"},
		{"ll", true, "0"},
		{"sls", false, "0"},
	} {
		v := newValues(t)
		_ = v.SetText("my.v", "0", false)
		v.BeginTransaction()
		for i, step := range c.steps {
			_ = v.SetText("my.v", string(rune('1'+i)), step == 'l')
		}
		if err := v.EndTransaction(c.committed); err != nil {
			t.Fatal(err)
		}
		if got, _ := v.Show("my.v"); got != c.want {
			t.Errorf("%s, committed %v: %s, want %s", c.steps, c.committed, got, c.want)
		}
	}
}

// TestDefinitions holds the lists to what they promise.
func TestDefinitions(t *testing.T) {
	v := newValues(t)
	for _, d := range All() {
		if d.Doc == "" || d.Category == "" || d.Kind == "" || d.Context == "" {
			t.Errorf("%s is described in part only", d.Name)
		}
		if d.Context == User && d.Default != "" && d.Name != "role" {
			if _, err := v.read(d, d.Default); err != nil {
				t.Errorf("%s cannot have its default: %v", d.Name, err)
			}
		}
	}
	if l, _, err := zone("America/New_York"); err != nil || l.String() != "America/New_York" || len(timezone.Names()) < 500 {
		t.Errorf("zones: %v", err)
	}
}
