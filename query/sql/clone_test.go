package sql

import "testing"

func TestClone(t *testing.T) {
	for _, text := range []string{
		"nextval('a') + coalesce(b.c, 1)::bigint", "CASE WHEN a IN (1, 2) THEN ARRAY[x, 'y'] ELSE NULL END", "(SELECT max(v) FROM t AS u WHERE u.k = t.k ORDER BY 1)",
		"sum(x) FILTER (WHERE y > 1) OVER (PARTITION BY z ORDER BY w DESC)", "a BETWEEN 1 AND 2 AND b LIKE 'c%'",
	} {
		n, err := ParseExpr(text, Options{})
		if err != nil {
			t.Fatal(err)
		}
		before, copied := Format(n), Clone(n)
		if got := Format(copied); got != before {
			t.Errorf("%s is %s", before, got)
		}
		Walk(copied, func(n Node) bool {
			switch n := n.(type) {
			case *ColumnRef:
				n.Parts[len(n.Parts)-1] = "changed"
			case *FuncCall:
				n.Name.Name = "changed"
				n.Args = n.Args[:0]
			case *Literal:
				n.Text = "7"
			}
			return true
		})
		if got := Format(n); got != before {
			t.Errorf("%s has become %s", before, got)
		}
	}
}
