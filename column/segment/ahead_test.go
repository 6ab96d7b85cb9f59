package segment

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/automatanexus/aegis-db/column/scan"
)

// stretch is bytes [from, to) of a data file.
type stretch struct{ from, to int64 }

// askedFiles keeps what is asked for ahead, and what is read without having been.
type askedFiles struct {
	*LocalFiles
	mu      sync.Mutex
	asked   []stretch
	unasked []stretch
}

func (a *askedFiles) Open(ctx context.Context, name string) (OpenFile, error) {
	f, err := a.LocalFiles.Open(ctx, name)
	if err != nil || !strings.HasSuffix(name, ".parquet") {
		return f, err
	}
	return &askedFile{f, a}, nil
}

type askedFile struct {
	OpenFile
	files *askedFiles
}

func (f *askedFile) Ahead(offset, length int64) {
	f.files.mu.Lock()
	defer f.files.mu.Unlock()
	if offset < 0 || length <= 0 || offset+length > f.Size() {
		panic("bytes that the file does not have")
	}
	f.files.asked = append(f.files.asked, stretch{offset, offset + length})
}

func (f *askedFile) ReadAt(b []byte, offset int64) (int, error) {
	f.files.mu.Lock()
	defer f.files.mu.Unlock()
	to := offset + int64(len(b))
	if !slices.ContainsFunc(f.files.asked, func(s stretch) bool { return s.from <= offset && to <= s.to }) {
		f.files.unasked = append(f.files.unasked, stretch{offset, to})
	}
	return f.OpenFile.ReadAt(b, offset)
}

// TestAhead: whatever is asked, answers are what they are without; a scan of all rows reads no page that was not asked for, one whose pages are in memory,
// or that may end early, asks for none.
func TestAhead(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 31))
		m := randomModel(r, 900)
		files := &askedFiles{LocalFiles: newFiles()}
		info := m.write(t, files, smallOptions(m, r), r)
		open := func(o ReadOptions) *Reader {
			rd, err := Open(t.Context(), files, info.Ref(7, 9), o)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			t.Cleanup(func() { _ = rd.Close() })
			return rd
		}
		rd := open(ReadOptions{})
		for range 10 {
			checkRequest(t, rd, m, r, seed)
		}
		req := &scan.Request{Time: scan.AllTime}
		for _, f := range m.schema.Fields {
			if !m.schema.IsTag(f.ID) {
				req.Columns = append(req.Columns, f.ID)
			}
		}
		read := func(rd *Reader, req *scan.Request) {
			files.asked, files.unasked = nil, nil
			morsels, _, err := rd.Morsels(t.Context(), req, View{}, int64(r.IntN(200)))
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if _, err := readAll(t.Context(), morsels); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		cached := open(ReadOptions{Cache: &mapCache{}})
		for _, rd := range []*Reader{rd, cached} {
			if read(rd, req); len(files.unasked) > 0 || len(req.Columns) > 0 && len(files.asked) == 0 {
				t.Fatalf("seed %d: %d stretches were asked for, %d reads were of others", seed, len(files.asked), len(files.unasked))
			}
		}
		if read(cached, req); len(files.asked) > 0 {
			t.Fatalf("seed %d: pages that are in memory were asked for: %v", seed, files.asked)
		}
		few := *req
		few.Limit = 1
		if read(rd, &few); len(files.asked) > 0 {
			t.Fatalf("seed %d: pages were asked for although one row is wanted: %v", seed, files.asked)
		}
	}
}
