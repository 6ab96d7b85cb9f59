package catalog

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// objectFunctions tell about objects by their numbers and names.
func objectFunctions() []*expr.Function {
	found := func(f func(v *View, oid int64) bool) func(*View, args) (any, error) {
		return func(v *View, a args) (any, error) { return f(v, a.int(0)), nil }
	}
	visible := func(f func(v *View, oid int64) (visible, exists bool)) func(*View, args) (any, error) {
		return func(v *View, a args) (any, error) {
			is, exists := f(v, a.int(0))
			if !exists {
				return nil, nil
			}
			return is, nil
		}
	}
	out := []*expr.Function{
		function("pg_get_userbyid", types(tOID), tName, "name of a user", func(v *View, a args) (any, error) {
			if name, ok := v.NameOf(column.T(column.RegRole), a.int(0)); ok {
				return name, nil
			}
			return "unknown (OID=" + numbersText([]int64{a.int(0)}) + ")", nil
		}),
		function("pg_table_is_visible", types(tOID), tBool, "whether a relation is what its name without a schema means", visible(func(v *View, oid int64) (bool, bool) {
			c := v.classOf(oid)
			return c != nil && v.visible(c.schema, c.name), c != nil
		})),
		function("pg_type_is_visible", types(tOID), tBool, "whether a type is what its name without a schema means", visible(func(v *View, oid int64) (bool, bool) {
			if typesByOID()[oid] != nil {
				return true, true
			}
			c := v.classOfRowType(oid)
			return c != nil && v.visible(c.schema, c.name), c != nil
		})),
		function("pg_function_is_visible", types(tOID), tBool, "whether a function is what its name without a schema means", visible(func(v *View, oid int64) (bool, bool) {
			p := v.procOf(oid) != nil
			return p, p
		})),
		function("pg_operator_is_visible", types(tOID), tBool, "whether an operator is what its name without a schema means", found(func(*View, int64) bool { return true })),
	}
	for _, kind := range []string{"collation", "opclass", "opfamily", "conversion", "ts_parser", "ts_dict", "ts_template", "ts_config", "statistics_obj"} {
		out = append(out, function("pg_"+kind+"_is_visible", types(tOID), tBool, "whether an object is what its name without a schema means", always(true)))
	}
	described := func(v *View, a args) (any, error) {
		if len(a.vectors) > 1 {
			return v.description(a.int(0), a.text(1), 0), nil
		}
		return v.description(a.int(0), "", 0), nil
	}
	out = append(out, overloads("obj_description", tText, "comment on an object", described, types(tOID, tName), types(tOID))...)
	out = append(out,
		function("shobj_description", types(tOID, tName), tText, "comment on a database", described),
		function("col_description", types(tOID, tInt4), tText, "comment on a column", func(v *View, a args) (any, error) {
			return v.description(a.int(0), "pg_class", a.int(1)), nil
		}),
	)
	for name, t := range map[string]column.Kind{
		"to_regclass": column.RegClass, "to_regtype": column.RegType, "to_regproc": column.RegProc, "to_regprocedure": column.RegProcedure,
		"to_regnamespace": column.RegNamespace, "to_regrole": column.RegRole,
	} {
		out = append(out, function(name, types(tText), column.T(t), "number of an object by its name, NULL if there is none", func(v *View, a args) (any, error) {
			oid, err := v.NumberOf(column.T(t), a.text(0))
			if err != nil {
				return nil, nil
			}
			return oid, nil
		}))
	}
	return out
}

// classOfRowType finds the relation whose rows a type is of; nil if there is none.
func (v *View) classOfRowType(oid int64) *class {
	for _, s := range shapes() {
		if s.rowType == oid {
			return s.class()
		}
	}
	if oid >= oidTables && oid < oidIndexes && ((oid-oidTables)%16 == rowTypeOffset || (oid-oidTables)%16 == rowArrayOffset) {
		return v.classOf(oid - (oid-oidTables)%16)
	}
	return nil
}
