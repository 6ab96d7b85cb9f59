package catalog

import (
	"sync"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
)

var typesByOID = sync.OnceValue(func() map[int64]*typeFacts {
	m := map[int64]*typeFacts{}
	for _, t := range systemTypes() {
		m[t.oid] = t
	}
	return m
})

// typeRow is a row of pg_type: a type of values, or of the rows of a relation, or of arrays of these.
type typeRow struct {
	*typeFacts
	namespace, relation int64
}

// eachType gives the types of values, then those of rows.
func (v *View) eachType(_ *rows, yield func(typeRow) error) error {
	for _, t := range systemTypes() {
		if err := yield(typeRow{t, oidCatalog, 0}); err != nil {
			return err
		}
	}
	for _, s := range shapes() {
		if err := yield(rowTypeOf(s.class(), 0)); err != nil {
			return err
		}
	}
	var relations []*class
	for _, t := range v.Catalog.Tables(v.Database.ID) {
		relations = append(relations, v.classesOf(t)[0])
	}
	for _, d := range v.Catalog.Views(v.Database.ID) {
		relations = append(relations, viewClass(d))
	}
	for _, c := range relations {
		for _, r := range []typeRow{rowTypeOf(c, c.oid+rowArrayOffset), rowArrayOf(c)} {
			if err := yield(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// The functions that read and write rows and arrays.
const (
	recordIn, recordOut, recordReceive, recordSend = 2290, 2291, 2402, 2403
	arrayIn, arrayOut, arrayReceive, arraySend     = 750, 751, 2400, 2401
	arraySubscript                                 = 6179
)

func rowTypeOf(c *class, array int64) typeRow {
	return typeRow{&typeFacts{
		oid: c.rowType(), name: c.name, length: -1, kind: "c", category: "C", delimiter: ",", array: array,
		input: recordIn, output: recordOut, receive: recordReceive, send: recordSend, align: "d", storage: "x",
	}, namespaceOID(c.schema), c.oid}
}

func rowArrayOf(c *class) typeRow {
	return typeRow{&typeFacts{
		oid: c.oid + rowArrayOffset, name: "_" + c.name, length: -1, kind: "b", category: "A", delimiter: ",", element: c.rowType(), subscript: arraySubscript,
		input: arrayIn, output: arrayOut, receive: arrayReceive, send: arraySend, align: "d", storage: "x",
	}, namespaceOID(c.schema), 0}
}

func init() {
	type t = typeRow
	register("pg_catalog.pg_type", (*View).eachType, columns[t]{
		"oid": func(_ *View, t t) any { return t.oid }, "typname": func(_ *View, t t) any { return t.name }, "typnamespace": func(_ *View, t t) any { return t.namespace },
		"typowner": fixed[t](oidOwner), "typlen": func(_ *View, t t) any { return t.length }, "typbyval": func(_ *View, t t) any { return t.byValue },
		"typtype": func(_ *View, t t) any { return t.kind }, "typcategory": func(_ *View, t t) any { return t.category },
		"typispreferred": func(_ *View, t t) any { return t.preferred }, "typisdefined": fixed[t](true), "typdelim": func(_ *View, t t) any { return t.delimiter },
		"typrelid": func(_ *View, t t) any { return t.relation }, "typsubscript": func(_ *View, t t) any { return t.subscript },
		"typelem": func(_ *View, t t) any { return t.element }, "typarray": func(_ *View, t t) any { return t.array },
		"typinput": func(_ *View, t t) any { return t.input }, "typoutput": func(_ *View, t t) any { return t.output },
		"typreceive": func(_ *View, t t) any { return t.receive }, "typsend": func(_ *View, t t) any { return t.send },
		"typmodin": func(_ *View, t t) any { return t.modIn }, "typmodout": func(_ *View, t t) any { return t.modOut }, "typanalyze": fixed[t](0),
		"typalign": func(_ *View, t t) any { return t.align }, "typstorage": func(_ *View, t t) any { return t.storage }, "typnotnull": fixed[t](false),
		"typbasetype": fixed[t](0), "typtypmod": fixed[t](-1), "typndims": fixed[t](0), "typcollation": func(_ *View, t t) any { return t.collation },
	})
}

// typeNumbered names a type by its number, as format_type() does without modifiers; ok is false if there is none.
func (v *View) typeNumbered(oid int64) (name string, ok bool) {
	if t, ok := column.TypeOfOID(uint32(oid)); ok {
		return t.String(), true
	}
	if f := typesByOID()[oid]; f != nil {
		if f.category == "A" && f.element != 0 && f.length == -1 {
			element, _ := v.typeNumbered(f.element)
			return element + "[]", true
		}
		return f.name, true
	}
	for _, s := range shapes() {
		if s.rowType == oid {
			return v.shownName(s.schema, s.name), true
		}
	}
	if oid >= oidTables && oid < oidIndexes {
		t := v.Catalog.TableByID(meta.TableID((oid-oidTables)/16 + 1))
		if t != nil && t.Database == v.Database.ID {
			switch (oid - oidTables) % 16 {
			case rowTypeOffset:
				return v.shownName(t.Schema, t.Name), true
			case rowArrayOffset:
				return v.shownName(t.Schema, t.Name) + "[]", true
			}
		}
	}
	return "", false
}
