package query

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/setting"
)

// set runs SET. SET LOCAL means nothing where there is no transaction that it could end with.
func (st *statement) set(n *plan.Set) (*Result, error) {
	s := st.session
	defer s.relimit()
	if n.Local && s.block == nil {
		st.result.Notices = append(st.result.Notices, Notice{
			Severity: "WARNING", SQLState: "25P01", Message: "SET LOCAL can only be used in transaction blocks",
		})
		// A wrong value is an error all the same.
		s.settings.BeginTransaction()
		err := s.settings.Set(n.Name, n.Values, true)
		_ = s.settings.EndTransaction(false) // what was valid before is valid again
		return st.ended("SET", err)
	}
	return st.ended("SET", s.settings.Set(n.Name, n.Values, n.Local))
}

func (st *statement) reset(n *plan.Reset) (*Result, error) {
	defer st.session.relimit()
	if n.Name == "" {
		return st.ended("RESET", st.session.settings.ResetAll())
	}
	return st.ended("RESET", st.session.settings.Reset(n.Name))
}

// discard runs DISCARD. Of what it names, only the settings are the engine's; whoever keeps prepared statements and portals for a client, drops
// them himself.
func (st *statement) discard(n *plan.Discard) (*Result, error) {
	s := st.session
	switch n.What {
	case "all":
	case "sequences":
		s.numbers.forget()
		return st.ended("DISCARD "+n.Tag(), nil)
	default:
		return st.ended("DISCARD "+n.Tag(), nil) // plans are looked up anew; there are no temporary tables
	}
	if s.block != nil && s.block.explicit {
		return nil, column.SQLErrorf(column.Invalid, "25001", "DISCARD ALL cannot run inside a transaction block")
	}
	s.numbers.forget()
	return st.ended("DISCARD ALL", s.ResetAll())
}

// showColumns are those of SHOW's rows.
func (st *statement) showColumns(s *plan.Show) []plan.Column {
	text := column.T(column.Text)
	if s.Name == "all" {
		return []plan.Column{{Name: "name", Type: text}, {Name: "setting", Type: text}, {Name: "description", Type: text}}
	}
	return []plan.Column{{Name: setting.ShownName(s.Name), Type: text}}
}

func (st *statement) show(s *plan.Show) (*Result, error) {
	var names []string
	for _, c := range st.showColumns(s) {
		names = append(names, c.Name)
	}
	if s.Name != "all" {
		v, err := st.session.Show(s.Name)
		if err != nil {
			return nil, err
		}
		return st.give(texts("SHOW", names, [][]string{{v}}))
	}
	var rows [][]string
	for _, d := range setting.All() {
		if d.Hidden {
			continue
		}
		v, err := st.session.Show(d.Name)
		if err != nil {
			return nil, err
		}
		rows = append(rows, []string{d.Name, v, d.Doc})
	}
	return st.give(texts("SHOW", names, rows))
}
