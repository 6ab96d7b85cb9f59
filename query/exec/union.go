package exec

import "context"

// union gives the parts of all its inputs, one input after the other.
type union struct{ inputs []producer }

func (u *union) parts(ctx context.Context) ([]part, error) {
	var out []part
	for _, in := range u.inputs {
		parts, err := in.parts(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, parts...)
	}
	return out, nil
}
