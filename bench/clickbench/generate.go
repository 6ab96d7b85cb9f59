package clickbench

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// What the queries look for.
const (
	counter   = 62 // a counter with a tenth of the hits
	days      = 31 // of July 2013
	somebody  = 17 // a user with many hits, by rank
	dayLayout = "2006-01-02"
)

// generate writes scale rows.
func generate(dir, scale string) (err error) {
	rows, err := strconv.Atoi(scale)
	if err != nil || rows < 1 {
		return fmt.Errorf("clickbench: the scale is a number of rows, not %q", scale)
	}
	f, err := os.Create(filepath.Join(dir, hits.Name+".csv"))
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	buffered := bufio.NewWriterSize(f, 1<<20)
	w := csv.NewWriter(buffered)
	record := make([]string, len(hits.Columns))
	for i, c := range hits.Columns {
		record[i], _, _ = strings.Cut(c, " ")
	}
	if err := w.Write(record); err != nil {
		return err
	}
	g := newGenerator(rows)
	for i := range rows {
		g.row(i)
		for k, c := range hits.Columns {
			name, kind, _ := strings.Cut(c, " ")
			record[k] = g.value(name, kind)
		}
		if err := w.Write(record); err != nil {
			return err
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return err
	}
	return buffered.Flush()
}

// generator makes rows. Ranks are drawn by Zipf's law: the n-th most frequent value comes about 1/n as often as the first.
type generator struct {
	r                                                      *rand.Rand
	users, counters, pages, phrases, regions, sites, sizes *rand.Zipf
	rows                                                   int
	known                                                  map[string]string // columns that others follow, of the row at hand
}

func newGenerator(rows int) *generator {
	r := rand.New(rand.NewPCG(20130701, 105))
	zipf := func(n int) *rand.Zipf { return rand.NewZipf(r, 1.1, 4, uint64(max(n, 2)-1)) }
	return &generator{
		r: r, rows: rows, users: zipf(rows / 6), counters: zipf(2000), pages: zipf(rows / 5), phrases: zipf(rows / 15), regions: zipf(3000), sites: zipf(500),
		sizes: zipf(12), known: map[string]string{},
	}
}

// hash spreads ranks over the numbers of a type.
func hash(kind string, rank uint64) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, kind, rank) // a hash takes everything
	return h.Sum64()
}

func userID(rank uint64) string { return strconv.FormatInt(int64(hash("user", rank)>>1), 10) }

func textHash(text string) string { return strconv.FormatInt(int64(hash(text, 0)>>1), 10) }

var (
	domains = []string{"example.com", "news.example.org", "google.example.net", "www.shop.test", "mail.test", "video.example.ru", "wiki.test", "auto.example.de"}
	words   = strings.Fields("cheap flights weather tomorrow watch online free music how to cook recipe buy phone new car price news today sport map of city hotel near photo funny cat")
	models  = []string{"", "", "", "", "", "", "iPad", "iPhone 3", "Galaxy", "Lumia 920", "Xperia"}
	widths  = []int{1366, 1920, 1280, 1024, 1440, 1600, 1680, 320, 768, 800, 1152, 2560}
)

// url is a page of a site; some sites have google in their name.
func (g *generator) url(page uint64) string {
	h := hash("page", page)
	return "http://" + domains[h%uint64(len(domains))] + "/" + words[h>>8%uint64(len(words))] + "/" + strconv.FormatUint(page, 36) + "?id=" + strconv.FormatUint(h>>40, 10)
}

func phrase(rank uint64) string {
	h := hash("phrase", rank)
	n := 1 + h%3
	var list []string
	for range n {
		h = h*6364136223846793005 + 1442695040888963407
		list = append(list, words[h>>33%uint64(len(words))])
	}
	return strings.Join(list, " ") + " " + strconv.FormatUint(rank, 36)
}

// row draws what several columns depend on.
func (g *generator) row(i int) {
	k := g.known
	clear(k)
	at := time.Date(2013, 7, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(int64(i)*int64(days)*86400/int64(g.rows)) * time.Second)
	k["EventTime"], k["EventDate"] = at.Format(time.DateTime), at.Format(dayLayout)
	k["ClientEventTime"] = at.Add(time.Duration(g.r.IntN(7200)-3600) * time.Second).Format(time.DateTime)
	k["LocalEventTime"] = at.Add(3 * time.Hour).Format(time.DateTime)
	k["WatchID"] = strconv.FormatInt(int64(hash("watch", uint64(i))>>1), 10)
	user := g.users.Uint64()
	k["UserID"] = userID(user)
	k["ClientIP"] = strconv.Itoa(int(int32(hash("ip", user%50_000))))
	k["CounterID"] = strconv.Itoa(counter)
	if g.r.IntN(10) > 0 {
		k["CounterID"] = strconv.FormatUint(100+g.counters.Uint64(), 10)
	}
	page := g.pages.Uint64()
	k["URL"] = g.url(page)
	k["URLHash"] = textHash(k["URL"])
	k["Referer"] = ""
	if g.r.IntN(3) > 0 {
		k["Referer"] = g.url(g.sites.Uint64() * 7)
	}
	k["RefererHash"] = textHash(k["Referer"])
	k["Title"] = ""
	if g.r.IntN(10) > 0 {
		k["Title"] = "Page " + strconv.FormatUint(page, 10) + [...]string{"", " - Google", " | shop", " – новости"}[page%4]
	}
	g.search()
}

// search draws what only hits that a search brought have: one in eight.
func (g *generator) search() {
	k := g.known
	k["SearchPhrase"], k["SearchEngineID"], k["AdvEngineID"], k["TraficSourceID"] = "", "0", "0", strconv.Itoa(g.r.IntN(8)-1)
	if g.r.IntN(8) == 0 {
		k["SearchPhrase"], k["SearchEngineID"] = phrase(g.phrases.Uint64()), strconv.Itoa(1+g.r.IntN(4))
	}
	if g.r.IntN(40) == 0 {
		k["AdvEngineID"] = strconv.Itoa(1 + g.r.IntN(20))
	}
	k["MobilePhoneModel"], k["MobilePhone"] = models[g.r.IntN(len(models))], "0"
	if k["MobilePhoneModel"] != "" {
		k["MobilePhone"] = strconv.Itoa(1 + g.r.IntN(4))
	}
	k["RegionID"] = strconv.FormatUint(1+g.regions.Uint64(), 10)
	size := g.sizes.Uint64()
	k["ResolutionWidth"] = strconv.Itoa(widths[size])
	k["WindowClientWidth"] = strconv.Itoa(widths[size] - g.r.IntN(3)*16)
	k["WindowClientHeight"] = strconv.Itoa(widths[size] / 2)
}

// flags are 1 in one hit of so many.
var flags = map[string]int{
	"IsRefresh": 8, "IsLink": 20, "IsDownload": 100, "DontCountHits": 50, "IsMobile": 10, "IsEvent": 12, "IsParameter": 30, "HasGCLID": 200, "IsArtifical": 60,
}

// value is a column of the row at hand.
func (g *generator) value(name, kind string) string {
	if v, ok := g.known[name]; ok {
		return v
	}
	if n := flags[name]; n > 0 {
		if g.r.IntN(n) == 0 {
			return "1"
		}
		return "0"
	}
	switch kind {
	case "text":
		// Most of the other texts are empty in such logs, or one of few.
		if g.r.IntN(10) > 0 {
			return ""
		}
		return words[g.r.IntN(len(words))]
	case "bigint":
		return strconv.FormatInt(g.r.Int64(), 10)
	case "integer":
		return strconv.Itoa(int(g.sizes.Uint64()) * 37)
	}
	return strconv.Itoa(int(g.sizes.Uint64()))
}
