package pgwire_test

import (
	"encoding/binary"
	"io"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/automatanexus/aegis-db/api/pgwire"
)

func bindOf(portal, statement string, limit uint32, params ...string) []pgproto3.FrontendMessage {
	b := &pgproto3.Bind{DestinationPortal: portal, PreparedStatement: statement}
	for _, p := range params {
		b.Parameters = append(b.Parameters, []byte(p))
	}
	return []pgproto3.FrontendMessage{b, &pgproto3.Execute{Portal: portal, MaxRows: limit}}
}

func TestProtocol(t *testing.T) {
	addr, _ := serve(t, pgwire.Options{})
	for name, c := range map[string]struct {
		messages []pgproto3.FrontendMessage
		want     string
	}{
		"empty":             {[]pgproto3.FrontendMessage{&pgproto3.Query{String: " ;; -- nothing\n"}}, "I ZI"},
		"simple":            {[]pgproto3.FrontendMessage{&pgproto3.Query{String: "SELECT 1 AS a, NULL AS b"}}, "T(a:23,b:25) D(1,NULL) C(SELECT 1) ZI"},
		"several":           {[]pgproto3.FrontendMessage{&pgproto3.Query{String: "SELECT 1; SELECT 2"}}, "T(?column?:23) D(1) C(SELECT 1) T(?column?:23) D(2) C(SELECT 1) ZI"},
		"stops at an error": {[]pgproto3.FrontendMessage{&pgproto3.Query{String: "SELECT 1; SELECT 1/0; SELECT 2"}}, "T(?column?:23) D(1) C(SELECT 1) T(?column?:23) E(ERROR 22012) ZI"},
		"a block":           {[]pgproto3.FrontendMessage{&pgproto3.Query{String: "BEGIN; SELECT 1"}}, "C(BEGIN) T(?column?:23) D(1) C(SELECT 1) ZT"},
		"a failed block": {
			[]pgproto3.FrontendMessage{&pgproto3.Query{String: "BEGIN; SELECT 1/0"}, &pgproto3.Query{String: "SELECT 1"}, &pgproto3.Query{String: "COMMIT"}},
			"C(BEGIN) T(?column?:23) E(ERROR 22012) ZE E(ERROR 25P02) ZE C(ROLLBACK) ZI",
		},
		"warnings": {[]pgproto3.FrontendMessage{&pgproto3.Query{String: "COMMIT"}}, "N(WARNING 25P01) C(COMMIT) ZI"},
		"extended": {append([]pgproto3.FrontendMessage{
			&pgproto3.Parse{Query: "SELECT $1 + 1 AS a, $2 || 'x' AS b"}, &pgproto3.Describe{ObjectType: 'S'},
		}, append(bindOf("", "", 0, "41", "y"), &pgproto3.Sync{})...), "1 t[23 25] T(a:23,b:25) 2 D(42,yx) C(SELECT 1) ZI"},
		"an empty statement": {append([]pgproto3.FrontendMessage{&pgproto3.Parse{Query: ""}, &pgproto3.Describe{ObjectType: 'S'}},
			append(bindOf("", "", 0), &pgproto3.Sync{})...), "1 t[] n 2 I ZI"},
		"an error skips to Sync": {append([]pgproto3.FrontendMessage{&pgproto3.Parse{Query: "SELECT nothing"}},
			append(bindOf("", "", 0), &pgproto3.Sync{}, &pgproto3.Query{String: "SELECT 1"})...), "E(ERROR 42703) ZI T(?column?:23) D(1) C(SELECT 1) ZI"},
		"a portal in parts": {
			append([]pgproto3.FrontendMessage{
				&pgproto3.Query{String: "BEGIN"}, &pgproto3.Parse{Name: "p", Query: "SELECT i FROM generate_series(1, $1::int) AS g(i)"},
			}, append(bindOf("c", "p", 2, "5"), &pgproto3.Sync{}, &pgproto3.Execute{Portal: "c", MaxRows: 2}, &pgproto3.Sync{},
				&pgproto3.Execute{Portal: "c", MaxRows: 2}, &pgproto3.Execute{Portal: "c", MaxRows: 2}, &pgproto3.Sync{}, &pgproto3.Query{String: "COMMIT"},
				&pgproto3.Execute{Portal: "c"}, &pgproto3.Sync{})...),
			"C(BEGIN) ZT 1 2 D(1) D(2) s ZT D(3) D(4) s ZT D(5) C(SELECT 1) C(SELECT 0) ZT C(COMMIT) ZI E(ERROR 34000) ZI",
		},
		"portals end with the transaction": {append([]pgproto3.FrontendMessage{&pgproto3.Parse{Name: "p", Query: "VALUES (1), (2)"}},
			append(bindOf("c", "p", 1), &pgproto3.Sync{}, &pgproto3.Execute{Portal: "c"}, &pgproto3.Sync{})...), "1 2 D(1) s ZI E(ERROR 34000) ZI"},
		"wrong count of values": {append([]pgproto3.FrontendMessage{&pgproto3.Parse{Query: "SELECT $1::int"}},
			append(bindOf("", "", 0), &pgproto3.Sync{})...), "1 E(ERROR 08P01) ZI"},
		"a wrong value": {append([]pgproto3.FrontendMessage{&pgproto3.Parse{Query: "SELECT $1::int"}},
			append(bindOf("", "", 0, "x"), &pgproto3.Sync{})...), "1 E(ERROR 22P02) ZI"},
		"no such statement": {append(bindOf("", "nobody", 0), &pgproto3.Sync{}), "E(ERROR 26000) ZI"},
		"a name twice": {
			[]pgproto3.FrontendMessage{&pgproto3.Parse{Name: "twice", Query: "SELECT 1"}, &pgproto3.Parse{Name: "twice", Query: "SELECT 2"}, &pgproto3.Sync{}},
			"1 E(ERROR 42P05) ZI",
		},
		"close":                {[]pgproto3.FrontendMessage{&pgproto3.Close{ObjectType: 'S', Name: "nobody"}, &pgproto3.Close{ObjectType: 'P', Name: "nobody"}, &pgproto3.Sync{}}, "3 3 ZI"},
		"a function call":      {[]pgproto3.FrontendMessage{&pgproto3.FunctionCall{Function: 1}}, "E(ERROR 0A000) ZI"},
		"a parameter too many": {[]pgproto3.FrontendMessage{&pgproto3.Query{String: "SELECT $1"}}, "E(ERROR 42P02) ZI"},
		"LIMIT of a parameter": {append([]pgproto3.FrontendMessage{&pgproto3.Parse{Query: "SELECT i FROM generate_series(1, 9) AS g(i) LIMIT $1"}, &pgproto3.Describe{ObjectType: 'S'}},
			append(bindOf("", "", 0, "2"), &pgproto3.Sync{})...), "1 t[20] T(i:23) 2 D(1) D(2) C(SELECT 2) ZI"},
		"inconsistent types": {[]pgproto3.FrontendMessage{&pgproto3.Parse{Query: "SELECT $1 = 1 OR $1 = 'x' OR $1 < now()"}, &pgproto3.Sync{}}, "E(ERROR 22P02) ZI"},
		"PREPARE and EXECUTE": {[]pgproto3.FrontendMessage{
			&pgproto3.Query{String: "PREPARE q(int) AS SELECT $1 * 2"}, &pgproto3.Query{String: "EXECUTE q(20 + 1)"},
			&pgproto3.Query{String: "DEALLOCATE q"}, &pgproto3.Query{String: "EXECUTE q(1)"},
		}, "C(PREPARE) ZI T(?column?:23) D(42) C(SELECT 1) ZI C(DEALLOCATE) ZI E(ERROR 26000) ZI"},
		"a cursor": {[]pgproto3.FrontendMessage{
			&pgproto3.Query{String: "BEGIN"}, &pgproto3.Query{String: "DECLARE c CURSOR FOR SELECT i FROM generate_series(1, 6) AS g(i)"},
			&pgproto3.Query{String: "FETCH 2 FROM c"}, &pgproto3.Query{String: "MOVE 1 IN c"}, &pgproto3.Query{String: "FETCH c; FETCH ALL c"},
			&pgproto3.Query{String: "FETCH c"}, &pgproto3.Query{String: "CLOSE c; FETCH c"}, &pgproto3.Query{String: "ROLLBACK"},
		}, "C(BEGIN) ZT C(DECLARE CURSOR) ZT T(i:23) D(1) D(2) C(FETCH 2) ZT C(MOVE 1) ZT T(i:23) D(4) C(FETCH 1) T(i:23) D(5) D(6) C(FETCH 2) ZT " +
			"T(i:23) C(FETCH 0) ZT C(CLOSE CURSOR) E(ERROR 34000) ZE C(ROLLBACK) ZI"},
		"MOVE over a portal": {[]pgproto3.FrontendMessage{
			&pgproto3.Query{String: "BEGIN"}, &pgproto3.Parse{Query: "SELECT i FROM generate_series(1, 9) AS g(i)"},
			&pgproto3.Bind{DestinationPortal: "p"}, &pgproto3.Sync{}, &pgproto3.Query{String: "MOVE 2 IN p"},
			&pgproto3.Execute{Portal: "p", MaxRows: 1}, &pgproto3.Sync{}, &pgproto3.Query{String: "MOVE FORWARD 3 FROM p"},
			&pgproto3.Execute{Portal: "p", MaxRows: 2}, &pgproto3.Sync{}, &pgproto3.Query{String: "ROLLBACK"},
		}, "C(BEGIN) ZT 1 2 ZT C(MOVE 2) ZT D(3) s ZT C(MOVE 3) ZT D(7) D(8) s ZT C(ROLLBACK) ZI"},
		"UNLISTEN": {[]pgproto3.FrontendMessage{&pgproto3.Query{String: "UNLISTEN *; UNLISTEN a"}}, "C(UNLISTEN) C(UNLISTEN) ZI"},
		"cursors and transactions": {[]pgproto3.FrontendMessage{
			&pgproto3.Query{String: "DECLARE c CURSOR FOR SELECT 1"}, &pgproto3.Query{String: "DECLARE h CURSOR WITH HOLD FOR VALUES (1), (2)"},
			&pgproto3.Query{String: "BEGIN; DECLARE c CURSOR FOR SELECT 1; COMMIT"}, &pgproto3.Query{String: "FETCH c"}, &pgproto3.Query{String: "FETCH h"},
			&pgproto3.Query{String: "CLOSE ALL"}, &pgproto3.Query{String: "FETCH h"}, &pgproto3.Query{String: "BEGIN; FETCH BACKWARD 1 FROM h"}, &pgproto3.Query{String: "ROLLBACK"},
		}, "E(ERROR 25P01) ZI C(DECLARE CURSOR) ZI C(BEGIN) C(DECLARE CURSOR) C(COMMIT) ZI E(ERROR 34000) ZI T(column1:23) D(1) C(FETCH 1) ZI " +
			"C(CLOSE CURSOR ALL) ZI E(ERROR 34000) ZI E(ERROR 0A000) ZI N(WARNING 25P01) C(ROLLBACK) ZI"},
		"a cursor with a parameter": {
			append(append([]pgproto3.FrontendMessage{
				&pgproto3.Query{String: "BEGIN"}, &pgproto3.Parse{Query: "DECLARE c CURSOR FOR SELECT i FROM generate_series(1, $1::int) AS g(i)"}, &pgproto3.Describe{ObjectType: 'S'},
			}, bindOf("", "", 0, "3")...), append([]pgproto3.FrontendMessage{&pgproto3.Sync{}, &pgproto3.Parse{Query: "FETCH 2 FROM c"}, &pgproto3.Describe{ObjectType: 'S'}},
				append(bindOf("", "", 0), &pgproto3.Sync{}, &pgproto3.Query{String: "COMMIT"})...)...),
			"C(BEGIN) ZT 1 t[23] n 2 C(DECLARE CURSOR) ZT 1 t[] T(i:23) 2 D(1) D(2) C(FETCH 2) ZT C(COMMIT) ZI",
		},
		"copy out": {[]pgproto3.FrontendMessage{&pgproto3.Query{String: "COPY (SELECT 1 AS a, E'x\\ty' AS b, NULL AS c) TO STDOUT"}}, "H d(1\tx\\ty\t\\N\n) c C(COPY 1) ZI"},
		"copy out as CSV": {
			[]pgproto3.FrontendMessage{&pgproto3.Query{String: "COPY (SELECT 1 AS a, 'x,\"y\"' AS b, NULL AS c, '' AS d) TO STDOUT CSV HEADER"}},
			"H d(a,b,c,d\n) d(1,\"x,\"\"y\"\"\",,\"\"\n) c C(COPY 1) ZI",
		},
		"set": {[]pgproto3.FrontendMessage{&pgproto3.Query{String: "SET TimeZone = 'Europe/Berlin'"}}, "C(SET) S(TimeZone=Europe/Berlin) ZI"},
	} {
		t.Run(name, func(t *testing.T) {
			w := dial(t, addr).start()
			ready := 0
			for _, m := range c.messages {
				w.Send(m)
				switch m.(type) {
				case *pgproto3.Query, *pgproto3.Sync, *pgproto3.FunctionCall:
					ready++
				}
			}
			w.flush()
			got := ""
			for range ready {
				if got != "" {
					got += " "
				}
				got += w.until('Z')
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestStart(t *testing.T) {
	addr, _ := serve(t, pgwire.Options{})
	packet := func(code uint32, body string) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
		return append(binary.BigEndian.AppendUint32(b, code), body...)
	}
	for name, c := range map[string]struct{ packet, want string }{
		"no user":          {string(packet(196608, "database\x00x\x00\x00")), "E(FATAL 28000) EOF"},
		"an old version":   {string(packet(131072, "user\x00x\x00\x00")), "E(FATAL 0A000) EOF"},
		"a newer version":  {string(packet(196610, "user\x00x\x00_pq_.x\x001\x00\x00")), ""},
		"replication":      {string(packet(196608, "user\x00x\x00replication\x00database\x00\x00")), "E(FATAL 0A000) EOF"},
		"no end":           {string(packet(196608, "user\x00x")), "E(FATAL 08P01) EOF"},
		"an encoding":      {string(packet(196608, "user\x00x\x00client_encoding\x00LATIN1\x00\x00")), "E(FATAL 22023) EOF"},
		"an unknown thing": {string(packet(196608, "user\x00x\x00options\x00-c nothing=1\x00\x00")), "E(FATAL 42704) EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			w := dial(t, addr)
			if _, err := io.WriteString(w.conn, c.packet); err != nil {
				t.Fatal(err)
			}
			if got := w.until('Z'); c.want != "" && got[max(0, len(got)-len(c.want)):] != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			} else if c.want == "" && got[len(got)-2:] != "ZI" {
				t.Errorf("got %s", got)
			}
		})
	}
	w := dial(t, addr)
	for _, code := range []uint32{80877104, 80877103} { // GSS, then TLS: both are declined
		if _, err := w.conn.Write(packet(code, "")); err != nil {
			t.Fatal(err)
		}
		var answer [1]byte
		if _, err := io.ReadFull(w.conn, answer[:]); err != nil || answer[0] != 'N' {
			t.Fatalf("%q, %v", answer, err)
		}
	}
	w.start()
}
