package catalog

func init() {
	for name, user := range map[string]bool{"pg_catalog.pg_stat_all_tables": false, "pg_catalog.pg_stat_user_tables": true} {
		register(name, func(v *View, w *rows, yield func(*class) error) error {
			return v.eachClass(w, "relid", "relname", "schemaname", func(c *class) error {
				if c.kind != "r" || user && c.shape != nil {
					return nil
				}
				return yield(c)
			})
		}, columns[*class]{
			"relid": func(_ *View, c *class) any { return c.oid }, "schemaname": func(_ *View, c *class) any { return c.schema }, "relname": func(_ *View, c *class) any { return c.name },
			"n_live_tup": func(v *View, c *class) any { return v.counted(c, func(f Figures) int64 { return f.Rows }) },
			"n_dead_tup": func(v *View, c *class) any { return v.counted(c, func(f Figures) int64 { return f.DeadRows }) },
		})
	}
}

// counted gives a figure of a table; NULL for what has none.
func (v *View) counted(c *class, f func(Figures) int64) any {
	if c.table == nil {
		return nil
	}
	return f(v.figures(c))
}
