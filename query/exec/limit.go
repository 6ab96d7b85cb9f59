package exec

import (
	"context"
	"io"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/plan"
)

// limit passes a window of its input's rows, in order, and stops its input as soon as it has them.
type limit struct {
	node  *plan.Limit
	env   *Env
	input producer
}

func (l *limit) parts(ctx context.Context) ([]part, error) {
	if l.node.Count == 0 {
		return nil, nil
	}
	inner, err := l.input.parts(ctx)
	if err != nil {
		return nil, err
	}
	return []part{func(ctx context.Context, w *worker) (stream, error) {
		s := &limitStream{skip: l.node.Offset, left: l.node.Count}
		if s.left < 0 {
			s.left = 1<<63 - 1
		}
		if len(inner) == 1 {
			s.stream, err = inner[0](ctx, w)
			return s, err
		}
		s.stream = newGather(ctx, l.env, inner)
		return s, nil
	}}, nil
}

type limitStream struct {
	stream
	skip, left int64
}

func (s *limitStream) next(ctx context.Context) (*scan.Batch, error) {
	for s.left > 0 {
		b, err := s.stream.next(ctx)
		if err != nil {
			return nil, err
		}
		if int64(b.Len) <= s.skip {
			s.skip -= int64(b.Len)
			continue
		}
		n := min(int64(b.Len)-s.skip, s.left)
		b = b.Slice(int(s.skip), int(s.skip+n))
		s.skip = 0
		s.left -= int64(b.Len)
		return b, nil
	}
	return nil, io.EOF
}
