package aegis

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// TestUpdatesAtTheSameTime: statements that change the same rows are run again until each has counted what the others made, while rows move from the head to
// segments and segments are merged.
func TestUpdatesAtTheSameTime(t *testing.T) {
	const workers, rounds = 4, 25
	for _, options := range []string{"", " WITH (unique_key = (id))"} {
		db := open(t, t.TempDir())
		ask(t, db, `CREATE TABLE counter (id bigint NOT NULL, n bigint)`+options)
		ask(t, db, `INSERT INTO counter VALUES (1, 0), (2, 0), (3, 0)`)
		stop := make(chan struct{})
		var moving sync.WaitGroup
		moving.Add(1)
		go func() {
			defer moving.Done()
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := db.Flush(context.Background()); err != nil {
					t.Error(err)
				}
				if err := db.Compact(context.Background()); err != nil {
					t.Error(err)
				}
			}
		}()
		var failed sync.Map
		var group sync.WaitGroup
		for w := range workers {
			group.Add(1)
			go func() {
				defer group.Done()
				s := db.NewSession("")
				for i := range rounds {
					text := fmt.Sprintf(`UPDATE counter SET n = n + 1 WHERE id = %d`, 1+(w+i)%3)
					switch i % 3 {
					case 1:
						text = fmt.Sprintf(`MERGE INTO counter USING (SELECT %d AS id) s ON s.id = counter.id WHEN MATCHED THEN UPDATE SET n = n + 1`, 1+(w+i)%3)
					case 2:
						if options != "" {
							text = fmt.Sprintf(`INSERT INTO counter VALUES (%d, 1) ON CONFLICT (id) DO UPDATE SET n = counter.n + 1`, 1+(w+i)%3)
						}
					}
					if _, err := tryAsk(s, text); err != nil {
						failed.Store(fmt.Sprintf("%d/%d", w, i), err)
					}
				}
			}()
		}
		group.Wait()
		close(stop)
		moving.Wait()
		lost := 0
		failed.Range(func(_, err any) bool {
			lost++
			if lost == 1 {
				t.Logf("for example %v", err)
			}
			return true
		})
		got := strings.Join(ask(t, db, `SELECT count(*), sum(n) FROM counter`), "")
		if want := fmt.Sprintf("3|%d", workers*rounds-lost); got != want {
			t.Errorf("%q: counted %s, want %s", options, got, want)
		}
		if lost > 0 {
			t.Errorf("%q: %d of %d statements gave up", options, lost, workers*rounds)
		}
	}
}
