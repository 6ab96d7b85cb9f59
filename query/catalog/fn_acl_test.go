package catalog

import (
	"errors"
	"fmt"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

// TestExplodeACL reads lists of rights by the rules of aclitem: who, what, and whether it may be passed on.
func TestExplodeACL(t *testing.T) {
	explode := func(text string) (string, error) {
		list := column.NewBuilder(column.ArrayOf(tText), 1)
		if err := literal.Parse(list, column.ArrayOf(tText), text, literal.Options{}); err != nil {
			t.Fatal(err)
		}
		rows, err := explodeACL.Open(&expr.Context{Names: &View{}}, []*column.Vector{list.Finish()}, 0)
		if err != nil {
			return "", err
		}
		var out []*column.Builder
		for _, c := range explodeACL.Columns {
			out = append(out, column.NewBuilder(c.Type, 0))
		}
		for {
			n, err := rows.Next(out, 2)
			if err != nil {
				return "", err
			}
			if n == 0 {
				break
			}
		}
		text = ""
		grantee, right, option := out[1].Finish(), out[2].Finish(), out[3].Finish()
		for i := range right.Len {
			text += fmt.Sprintf("%t %s %t;", grantee.Int(i) == 0, right.Bytes(i), option.Bool(i))
		}
		return text, nil
	}
	for text, want := range map[string]string{
		"{}":                            "",
		"{aegis=ar*w/aegis}":            "false INSERT false;false SELECT true;false UPDATE false;",
		"{=U/aegis,aegis=UC*/aegis}":    "true USAGE false;false USAGE false;false CREATE true;",
		`{"\"a b\"=X/aegis",=Tc/aegis}`: "false EXECUTE false;true TEMPORARY false;true CONNECT false;",
		"{aegis=/aegis,aegis=rw/aegis}": "false SELECT false;false UPDATE false;",
	} {
		if got, err := explode(text); err != nil || got != want {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"{NULL}", "{aegis}", "{aegis=q/aegis}", "{aegis=r}"} {
		if _, err := explode(text); !errors.Is(err, column.Invalid) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
