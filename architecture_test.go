package aegis

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const modulePath = "github.com/automatanexus/aegis-db"

// mayImport is the house: what each top-level folder may import of ours, itself aside. "." is the root package.
var mayImport = map[string][]string{
	"column":  {},
	"meta":    {"column"},
	"ingest":  {"meta", "column"},
	"query":   {"meta", "column"},
	"tiering": {"meta", "column"},
	".":       {"query", "ingest", "tiering", "meta", "column"},
	"api":     {".", "query", "ingest", "tiering", "meta", "column"},
	"cmd":     {".", "api", "query", "ingest", "tiering", "meta", "column"},
	"bench":   {"column"},
}

// instead says what to do about a wrong arrow.
var instead = map[string]string{
	"column":  "column must be usable without a catalog, a network or a server: move the shared type down into column",
	"meta":    "meta is above column only: pass what you need in as a type of column",
	"ingest":  "siblings meet in contracts: use scan.Source, meta.Writer or meta.Catalog, wired together by the root package",
	"query":   "siblings meet in contracts: use scan.Source, meta.Writer or meta.Catalog, wired together by the root package",
	"tiering": "siblings meet in contracts: use scan.Source, meta.Writer or meta.Catalog, wired together by the root package",
	".":       "the engine must be embeddable without servers: move the code into api or cmd",
	"api":     "api serves a DB, it does not start one: move the wiring into cmd",
	"bench":   "bench talks to servers from outside, as users do",
}

// banned are imports nobody may use in the product.
var banned = map[string]string{
	"github.com/apache/arrow-go/v18/arrow/compute":   "adds 15 MB to the binary: write the kernel over column.Vector",
	"github.com/apache/arrow-go/v18/parquet/pqarrow": "is the independent reader of tests in modules of their own: use column/segment",
	"C":                       "the product is one static binary",
	"math/rand":               "use math/rand/v2, seeded by an option",
	"io/ioutil":               "use os and io",
	"github.com/pkg/errors":   "use fmt.Errorf with %w and the classes of package column",
	"golang.org/x/exp/slices": "use slices",
}

// bannedNames are packages named after nothing.
var bannedNames = []string{"util", "utils", "common", "base", "helpers", "misc", "v2"}

type source struct {
	path string // slash-separated, from the module's root
	file *ast.File
}

// sources parses every Go file of this module: nested modules are houses of their own.
func sources(t *testing.T) (list []source, files *token.FileSet) {
	t.Helper()
	files = token.NewFileSet()
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			_, statErr := os.Stat(filepath.Join(name, "go.mod"))
			if name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || statErr == nil) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		f, err := parser.ParseFile(files, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		list = append(list, source{filepath.ToSlash(name), f})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 50 {
		t.Fatalf("only %d Go files found: the walk is broken", len(list))
	}
	return list, files
}

// room is the top-level folder of a path.
func room(p string) string {
	if first, _, below := strings.Cut(p, "/"); below {
		return first
	}
	return "."
}

func TestImportsPointOneWay(t *testing.T) {
	list, files := sources(t)
	for _, s := range list {
		from := room(s.path)
		allowed, known := mayImport[from]
		if !known {
			t.Errorf("%s: the house has no room %q; see ARCHITECTURE.md for where things live", s.path, from)
			continue
		}
		for _, spec := range s.file.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			if why, bad := banned[name]; bad {
				t.Errorf("%s imports %s, which %s", files.Position(spec.Pos()), name, why)
			}
			inner, ours := strings.CutPrefix(name, modulePath)
			if !ours || strings.HasSuffix(s.path, "_test.go") && from == "." {
				continue
			}
			to := "."
			if inner != "" {
				to, _, _ = strings.Cut(inner[1:], "/")
			}
			if to == "bench" && from == "cmd" && strings.HasSuffix(s.path, "_test.go") {
				continue // bench knows how to start the real programs that tests hold aegis against
			}
			if to != from && !slices.Contains(allowed, to) {
				t.Errorf("%s: %s must not import %s: %s", files.Position(spec.Pos()), from, to, instead[from])
			}
		}
	}
}

func TestPackagesSayWhatTheyAre(t *testing.T) {
	list, _ := sources(t)
	documented, seen := map[string]bool{}, map[string]string{}
	for _, s := range list {
		if strings.HasSuffix(s.path, "_test.go") {
			continue
		}
		dir := path.Dir(s.path)
		seen[dir] = s.path
		if s.file.Doc != nil && len(s.file.Doc.Text()) > 80 {
			documented[dir] = true
		}
		if slices.Contains(bannedNames, s.file.Name.Name) {
			t.Errorf("%s: package %s is named after nothing: name it after what it owns", s.path, s.file.Name.Name)
		}
	}
	for dir, example := range seen {
		if !documented[dir] {
			t.Errorf("%s has no package comment that says what it owns (a few sentences; put it in doc.go or %s)", dir, path.Base(example))
		}
	}
}

// maxLines is where a file has more than one subject. Generated tables of data may be longer.
const maxLines = 700

func TestFilesHaveOneSubject(t *testing.T) {
	list, files := sources(t)
	for _, s := range list {
		lines := files.Position(s.file.End()).Line
		if lines > maxLines && !ast.IsGenerated(s.file) {
			t.Errorf("%s has %d lines: split it into files named after their subjects (at most %d)", s.path, lines, maxLines)
		}
	}
}

// TestNoStrayOutput keeps terminals and exits out of everything that can be embedded.
func TestNoStrayOutput(t *testing.T) {
	list, files := sources(t)
	for _, s := range list {
		if room(s.path) == "cmd" || room(s.path) == "bench" || strings.HasSuffix(s.path, "_test.go") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := sel.X.(*ast.Ident)
			printer := ok && (pkg.Name == "fmt" && strings.HasPrefix(sel.Sel.Name, "Print") || pkg.Name == "os" && sel.Sel.Name == "Exit" ||
				pkg.Name == "log" && slices.ContainsFunc(s.file.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"log"` }))
			if printer {
				t.Errorf("%s: %s.%s: only cmd talks to the terminal; return an error or use the logger you were given",
					files.Position(call.Pos()), pkg.Name, sel.Sel.Name)
			}
			return true
		})
	}
}
