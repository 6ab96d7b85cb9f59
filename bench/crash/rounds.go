package crash

import (
	"context"
	"fmt"
	"os"
)

// inRounds runs so many rounds and counts those that went well. Every so many of them begin gets a folder anew.
func inRounds(ctx context.Context, rounds int, seed uint64, begin, round func(context.Context) error, done *int) error {
	for n := range rounds {
		if n%roundsPerFolder == 0 {
			if err := begin(ctx); err != nil {
				return err
			}
		}
		if err := round(ctx); err != nil {
			return fmt.Errorf("round %d, seed %d: %w", n+1, seed, err)
		}
		*done++
	}
	return nil
}

// freshFolder replaces a folder of before ("" = there is none) by an empty one.
func freshFolder(parent, before string) (string, error) {
	if before != "" {
		if err := os.RemoveAll(before); err != nil {
			return before, err
		}
	}
	return os.MkdirTemp(parent, "data")
}
