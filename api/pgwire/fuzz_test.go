package pgwire_test

import (
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/automatanexus/aegis-db/api/pgwire"
)

// startPacket begins a session whose statements may take little time.
func startPacket() []byte {
	m := &pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "me", "options": "-c statement_timeout=100"}}
	b, err := m.Encode(nil)
	if err != nil {
		panic(err)
	}
	return b
}

// conversations are what clients say, for mutation.
func conversations() [][]pgproto3.FrontendMessage {
	q := func(text string) pgproto3.FrontendMessage { return &pgproto3.Query{String: text} }
	copyHeader := append([]byte("PGCOPY\n\xff\r\n\x00"), 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	return [][]pgproto3.FrontendMessage{
		{q("SELECT 1, 'x', NULL; SELECT g FROM generate_series(1, 100) AS t(g)")},
		{q("BEGIN"), q("SELECT 1 / 0"), q("ROLLBACK")},
		{q("CREATE TABLE IF NOT EXISTS f (a integer, b text)"), q("INSERT INTO f VALUES (1, 'x'), (2, NULL)"), q("SELECT * FROM f LIMIT 3")},
		{
			&pgproto3.Parse{Name: "a", Query: "SELECT $1::int + 1, $2 || 'x', $3::numeric", ParameterOIDs: []uint32{23}}, &pgproto3.Describe{ObjectType: 'S', Name: "a"},
			&pgproto3.Bind{DestinationPortal: "p", PreparedStatement: "a", ParameterFormatCodes: []int16{1, 0, 1}, Parameters: [][]byte{
				{0, 0, 0, 9},
				[]byte("y"),
				{0, 1, 0, 0, 0, 0, 0, 0, 0, 7},
			}, ResultFormatCodes: []int16{1}}, &pgproto3.Describe{ObjectType: 'P', Name: "p"},
			&pgproto3.Execute{Portal: "p", MaxRows: 1}, &pgproto3.Close{ObjectType: 'P', Name: "p"}, &pgproto3.Flush{}, &pgproto3.Sync{},
		},
		{
			q("BEGIN"), &pgproto3.Parse{Query: "SELECT g FROM generate_series(1, 9) AS t(g)"}, &pgproto3.Bind{DestinationPortal: "c"}, &pgproto3.Execute{Portal: "c", MaxRows: 2},
			&pgproto3.Sync{}, &pgproto3.Execute{Portal: "c", MaxRows: 2}, &pgproto3.Sync{}, q("COMMIT"),
		},
		{q("COPY (SELECT g, g * 1.5 FROM generate_series(1, 9) AS t(g)) TO STDOUT (FORMAT binary)"), q("COPY (VALUES (1, 'a,\"b')) TO STDOUT CSV HEADER FORCE QUOTE *")},
		{q("CREATE TABLE IF NOT EXISTS f (a integer, b text)"), q("COPY f FROM STDIN"), &pgproto3.CopyData{Data: []byte("1\ta\\tb\n2\t\\N\n\\.\n")}, &pgproto3.CopyDone{}},
		{q("CREATE TABLE IF NOT EXISTS f (a integer, b text)"), q("COPY f FROM STDIN CSV"), &pgproto3.CopyData{Data: []byte("1,\"a\"\"b\nc\"\n2,")}, &pgproto3.CopyData{Data: []byte("x\n")}, &pgproto3.CopyDone{}},
		{q("CREATE TABLE IF NOT EXISTS f (a integer, b text)"), q("COPY f FROM STDIN BINARY"), &pgproto3.CopyData{Data: copyHeader}, &pgproto3.CopyDone{}},
		{q("COPY f FROM STDIN"), &pgproto3.CopyFail{Message: "no"}, &pgproto3.Sync{}},
		{q("PREPARE z(int) AS SELECT $1"), q("EXECUTE z(1)"), q("DEALLOCATE ALL"), q("DISCARD ALL"), q("SET TIME ZONE 'Asia/Tokyo'"), q("SHOW ALL")},
		{&pgproto3.FunctionCall{Function: 1}, &pgproto3.Terminate{}},
	}
}

func encoded(t testing.TB, list []pgproto3.FrontendMessage) []byte {
	t.Helper()
	var out []byte
	for _, m := range list {
		var err error
		if out, err = m.Encode(out); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// say sends bytes on a connection of their own and reads what comes until the server hangs up.
func say(addr string, b []byte) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	go func() {
		_, _ = conn.Write(b) // the server may have hung up
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	_, err = io.Copy(io.Discard, conn)
	if e, ok := err.(net.Error); ok && e.Timeout() { //nolint:errorlint // it is the connection's own
		return err
	}
	return nil // a reset is an end as well
}

func FuzzConnection(f *testing.F) {
	addr, _ := serve(f, pgwire.Options{MessageBytes: 1 << 20})
	healthy := connect(f, addr)
	start := startPacket()
	f.Add(start)
	f.Add([]byte{0, 0, 0, 8, 4, 210, 22, 47})
	f.Add([]byte{0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 1, 0, 0, 0, 2})
	for _, c := range conversations() {
		f.Add(append(append([]byte{}, start...), encoded(f, c)...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := say(addr, b); err != nil {
			t.Fatalf("the server did not hang up: %v", err)
		}
		var n int
		if err := healthy.QueryRow(context.Background(), "SELECT $1::int", 42).Scan(&n); err != nil || n != 42 {
			t.Fatalf("another session got %d, %v", n, err)
		}
	})
}

// mutate changes some bytes of messages, or their order, or where they end. Lengths may stay right, so that what is inside is read.
func mutate(rng *rand.Rand, list [][]byte) []byte {
	var out []byte
	for range 1 + rng.IntN(8) {
		m := append([]byte{}, list[rng.IntN(len(list))]...)
		for range rng.IntN(4) {
			if len(m) > 5 {
				m[5+rng.IntN(len(m)-5)] = byte(rng.IntN(256))
			}
		}
		switch rng.IntN(8) {
		case 0:
			m[0] = byte(rng.IntN(256))
		case 1:
			m[1+rng.IntN(4)] = byte(rng.IntN(256))
		case 2:
			m = m[:1+rng.IntN(len(m))]
		case 3: // shorter, and says so
			m = m[:5+rng.IntN(len(m)-4)]
			binary.BigEndian.PutUint32(m[1:], uint32(len(m)-1))
		}
		out = append(out, m...)
	}
	return out
}

// TestSoak has clients that send nonsense beside one that works, whose answers must be right and come in time.
func TestSoak(t *testing.T) {
	long := 15 * time.Second
	if testing.Short() {
		long = 2 * time.Second
	}
	addr, _ := serve(t, pgwire.Options{MessageBytes: 1 << 20})
	var messages [][]byte
	for _, c := range conversations() {
		for _, m := range c {
			messages = append(messages, encoded(t, []pgproto3.FrontendMessage{m}))
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	var wait sync.WaitGroup
	var said [4]int
	for i := range said {
		wait.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(i)))
			for ctx.Err() == nil {
				b := mutate(rng, messages)
				if rng.IntN(8) > 0 {
					b = append(startPacket(), b...)
				}
				if err := say(addr, b); err != nil {
					t.Errorf("the server did not hang up after %q: %v", b, err)
					return
				}
				said[i]++
			}
		})
	}
	healthy := connect(t, addr)
	exec(t, healthy, "CREATE TABLE healthy (a integer)")
	answers, worst := 0, time.Duration(0)
	for ctx.Err() == nil {
		started := time.Now()
		exec(t, healthy, "INSERT INTO healthy VALUES ($1)", answers)
		if got := one[int64](t, healthy, "SELECT count(*) FROM healthy"); got != int64(answers)+1 {
			t.Fatalf("%d rows, want %d", got, answers+1)
		}
		answers++
		worst = max(worst, time.Since(started))
	}
	cancel()
	wait.Wait()
	t.Logf("%v broken conversations; beside them %d right answers, the slowest after %v", said, answers, worst)
	if worst > 10*time.Second {
		t.Errorf("a healthy session waited %v", worst)
	}
	if _, err := pgx.Connect(t.Context(), "postgres://me@"+addr+"/default?sslmode=disable"); err != nil {
		t.Errorf("a new client: %v", err)
	}
}
