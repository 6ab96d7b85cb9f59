package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// start2025 is the time of the first row; each row is a second after the one before.
var start2025 = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)

// columns of every table but the large one, the same for all systems.
const columns = "(id bigint %s, ts timestamptz NOT NULL, grp integer NOT NULL, n bigint NOT NULL, v double precision NOT NULL, tag text NOT NULL, words text NOT NULL)"

const (
	groups = 100  // values of grp: a hundredth of the rows, anywhere
	tags   = 1000 // values of tag
)

// row is what stands in a table.
type row struct {
	id         int64
	ts         time.Time
	grp, n     int64
	v          float64 // a multiple of 1/8, so that sums are exact in whatever order
	tag, words string
}

// order is how the keys follow from the rows' numbers.
type order string

const (
	ascending order = "ascending"
	random    order = "random"
)

// randomKeys is a prime: multiplying by a number below it changes the order of the numbers below it, and makes no two the same.
const randomKeys = 1<<31 - 1

// key is the key of a row by its number.
func (o order) key(i int) int64 {
	if o == random {
		return int64(uint64(i+1) * 1_103_515_245 % randomKeys)
	}
	return int64(i) + 1
}

// mixed is a number that looks random (splitmix64).
func mixed(i int) uint64 {
	x := (uint64(i) + 1) * 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

var vocabulary = [...]string{
	"anchor", "basket", "candle", "desert", "engine", "forest", "garden", "hammer", "island", "jacket", "kettle", "ladder", "magnet", "needle", "orchid", "pepper",
}

// number gives the row of a number, counted from 0.
func (o order) number(i int) row {
	h := mixed(i)
	return row{
		id: o.key(i), ts: start2025.Add(time.Duration(i) * time.Second), grp: int64(h % groups), n: int64(h >> 24), v: float64(h>>8%(1<<20)) / 8,
		tag: fmt.Sprintf("tag-%04d", h>>16%tags), words: vocabulary[h>>20%16] + " " + vocabulary[h>>40%16] + " " + code(h),
	}
}

// code is a word that hardly any other row has.
func code(h uint64) string {
	h ^= h >> 29
	var word [7]byte
	for i := range word {
		word[i] = 'a' + byte(h%26)
		h /= 26
	}
	return string(word[:])
}

func (r row) values() []any { return []any{r.id, r.ts, r.grp, r.n, r.v, r.tag, r.words} }

// appendCSV writes a row as a line.
func (r row) appendCSV(text []byte) []byte {
	text = append(strconv.AppendInt(text, r.id, 10), ',')
	text = append(r.ts.AppendFormat(text, "2006-01-02 15:04:05+00"), ',')
	text = append(strconv.AppendInt(text, r.grp, 10), ',')
	text = append(strconv.AppendInt(text, r.n, 10), ',')
	text = append(strconv.AppendFloat(text, r.v, 'f', -1, 64), ',')
	text = append(append(text, r.tag...), ',')
	return append(append(text, r.words...), '\n')
}

// loadFiles is in how many statements a table is loaded.
const loadFiles = 10

// writeFiles writes the rows of numbers 0 to rows as CSV files, in order.
func writeFiles(dir string, o order, rows int) (files []string, err error) {
	for i := range loadFiles {
		name := filepath.Join(dir, fmt.Sprintf("%s-%d.csv", o, i))
		if err := writeFile(name, o, rows*i/loadFiles, rows*(i+1)/loadFiles); err != nil {
			return nil, err
		}
		files = append(files, name)
	}
	return files, nil
}

func writeFile(name string, o order, from, to int) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	var text []byte
	for i := from; i < to; i++ {
		text = o.number(i).appendCSV(text[:0])
		if _, err := w.Write(text); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(w.Flush(), f.Close())
}
