package fn

import (
	"crypto/rand"
	"encoding/binary"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

const uuidBytes = 16

func addUUIDs(r *Registry) {
	r.add(scalar{name: "gen_random_uuid", result: tUUID, volatile: true, safe: true, doc: "a random uuid, of version 4", kernel: func(ctx *expr.Context, _ []*column.Vector, n int) (*column.Vector, error) {
		data, offsets := make([]byte, uuidBytes*n), make([]int32, n+1)
		if ctx.Random == nil {
			_, _ = rand.Read(data) // it never fails
		}
		for i := range n {
			u := data[uuidBytes*i : uuidBytes*(i+1)]
			if ctx.Random != nil {
				for k := 0; k < uuidBytes; k += 4 {
					binary.LittleEndian.PutUint32(u[k:], uint32(ctx.Random()*(1<<32)))
				}
			}
			u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
			offsets[i+1] = int32(uuidBytes * (i + 1))
		}
		return column.NewBytes(tUUID, offsets, data, nil), nil
	}})
}
