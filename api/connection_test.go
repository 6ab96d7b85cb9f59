package api

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestAnswersOnOneConnection: answers of any length keep their connection in step, and say how long they are where they fit into one piece.
func TestAnswersOnOneConnection(t *testing.T) {
	s := start(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	sizes := []int{1, 1500, 2040, 4000, 5000, 60_000, 70_000, 200_000, 3}
	var questions bytes.Buffer
	for _, n := range sizes {
		body := fmt.Sprintf(`{"sql": "SELECT repeat('x', %d) AS x"}`, n)
		fmt.Fprintf(&questions, "POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nAccept: text/csv\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	if _, err := conn.Write(questions.Bytes()); err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(conn)
	for _, n := range sizes {
		r, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r.Body)
		want := "x\r\n" + strings.Repeat("x", n) + "\r\n"
		if err != nil || r.StatusCode != http.StatusOK || string(b) != want {
			t.Fatalf("%d: %s, %d bytes, %v", n, r.Status, len(b), err)
		}
		if whole := len(want) <= pieceBytes; whole != (r.ContentLength == int64(len(want))) {
			t.Errorf("%d bytes: announced are %d", len(want), r.ContentLength)
		}
	}
}

// TestOneWrite: a piece with its header leaves in one write.
func TestOneWrite(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	accepted, err := holding{l}.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	c, ok := accepted.(*connection)
	if !ok {
		t.Fatalf("%T", accepted)
	}
	c.hold()
	for range 3 {
		if n, err := c.Write(make([]byte, 4096)); n != 4096 || err != nil {
			t.Fatal(n, err)
		}
	}
	if len(c.held) != 3*4096 {
		t.Errorf("%d bytes are held", len(c.held))
	}
	if err := c.release(); err != nil {
		t.Fatal(err)
	}
	if n, err := io.ReadFull(client, make([]byte, 3*4096)); err != nil {
		t.Fatal(n, err)
	}
}

// TestDecodersAreReused: what one body leaves behind does not meet the next.
func TestDecodersAreReused(t *testing.T) {
	for i := range 200 {
		for _, c := range []struct {
			body, sql string
			fails     bool
		}{
			{`{"sql": "SELECT 1", "params": [1]}` + "\n \t", "SELECT 1", false},
			{`{"sql": "SELECT 2"}`, "SELECT 2", false},
			{`{"sql": "SELECT 3"} {}`, "", true},
			{`{"sql": "SELECT 4"`, "", true},
			{`{"sql": "SELECT 5", "other": 1}`, "", true},
			{`{"sql": 6}`, "", true},
			{``, "", true},
			{`{"query": "` + strings.Repeat("x", i) + `"}`, "", false},
		} {
			var q queryRequest
			if err := decodeJSON([]byte(c.body), &q); (err != nil) != c.fails || err == nil && q.SQL != c.sql {
				t.Fatalf("%s: %+v, %v", c.body, q, err)
			}
		}
	}
}
