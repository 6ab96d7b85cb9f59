package catalog

import (
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/query/expr"
)

// rights are the letters of the rights in a list of access.
var rights = map[byte]string{
	'r': "SELECT", 'a': "INSERT", 'w': "UPDATE", 'd': "DELETE", 'D': "TRUNCATE", 'x': "REFERENCES", 't': "TRIGGER", 'X': "EXECUTE", 'U': "USAGE", 'C': "CREATE",
	'c': "CONNECT", 'T': "TEMPORARY", 's': "SET", 'A': "ALTER SYSTEM",
}

// explodeACL gives a row for each right in a list of access, whose items are written as PostgreSQL prints them: grantee=rights/grantor, with a * behind
// a right that may be handed on.
var explodeACL = &expr.SetFunction{
	Name: "aclexplode", Args: types(column.ArrayOf(tText)), Strict: true, Stable: true, Doc: "a row for each right in a list of access",
	Columns: []expr.SetColumn{{Name: "grantor", Type: tOID}, {Name: "grantee", Type: tOID}, {Name: "privilege_type", Type: tText}, {Name: "is_grantable", Type: tBool}},
	Open: func(ctx *expr.Context, args []*column.Vector, i int) (expr.Rows, error) {
		v, ok := ctx.Names.(*View)
		if !ok {
			return nil, column.SQLErrorf(column.Unsupported, "0A000", "aclexplode cannot be called here: there is no database")
		}
		list, err := array.Decode(args[0].Bytes(i), tText)
		if err != nil {
			return nil, err
		}
		rows := &rightRows{}
		for k := range list.Len() {
			if list.Elements.IsNull(k) {
				return nil, column.SQLErrorf(column.Invalid, "22004", "ACL arrays must not contain null values")
			}
			if err := rows.add(v, string(list.Elements.Bytes(k))); err != nil {
				return nil, err
			}
		}
		return rows, nil
	},
}

// granted is one right of one item.
type granted struct {
	grantor, grantee int64
	right            string
	grantable        bool
}

// rightRows are the rows of aclexplode.
type rightRows struct{ list []granted }

func (r *rightRows) add(v *View, item string) error {
	grantee, rest, ok := strings.Cut(item, "=")
	letters, grantor, by := strings.Cut(rest, "/")
	if !ok || !by {
		return column.SQLErrorf(column.Invalid, "22P02", "invalid input syntax for type aclitem: \"%s\"", item)
	}
	g := granted{grantor: v.roleOID(strings.Trim(grantor, `"`))}
	if grantee != "" { // else everybody
		g.grantee = v.roleOID(strings.Trim(grantee, `"`))
	}
	for k := 0; k < len(letters); k++ {
		g.right, ok = rights[letters[k]]
		if !ok {
			return column.SQLErrorf(column.Invalid, "22P02", "invalid mode character: must be one of \"arwdDxtXUCTcsA\"")
		}
		if g.grantable = k+1 < len(letters) && letters[k+1] == '*'; g.grantable {
			k++
		}
		r.list = append(r.list, g)
	}
	return nil
}

// Next implements expr.Rows.
func (r *rightRows) Next(out []*column.Builder, most int) (int, error) {
	n := min(most, len(r.list))
	for _, g := range r.list[:n] {
		out[0].AppendInt(g.grantor)
		out[1].AppendInt(g.grantee)
		out[2].AppendString(g.right)
		out[3].AppendBool(g.grantable)
	}
	r.list = r.list[n:]
	return n, nil
}
