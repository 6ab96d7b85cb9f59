// Command aegis is the database: a server, a shell for its SQL, and tools that look into its files. It wires packages; what it does
// itself is parse arguments and print.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/automatanexus/aegis-db/column"
)

// version is set by the linker.
var version = "dev"

// Exit statuses.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// cli is the command line. Flags win over AEGIS_* in the environment, which wins over the defaults.
type cli struct {
	Serve   serveCmd   `cmd:"" help:"Run the server. Ctrl-C writes everything down and stops."`
	SQL     sqlCmd     `cmd:"" name:"sql" help:"Run SQL: a shell, one statement (-c), or a script on standard input."`
	Export  exportCmd  `cmd:"" help:"Write the rows of a statement to a file."`
	Import  importCmd  `cmd:"" help:"Take files of rows into a table: Parquet, Arrow streams, CSV, NDJSON."`
	User    userCmd    `cmd:"" help:"Make, list, change and remove users. As soon as there is one, everybody has to log in."`
	Inspect inspectCmd `cmd:"" help:"Look into the files of a database without changing them."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// usageError is a command line that cannot be meant: exit status 2.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

// shownError was printed already.
type shownError struct{ error }

func main() {
	runtime.MemProfileRate = 0 // what is allocated is counted while somebody looks: api
	os.Exit(run(os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

func run(args []string, s streams) int {
	var c cli
	parser, err := kong.New(&c, kong.Name("aegis"), kong.Writers(s.out, s.err), kong.UsageOnError(),
		kong.Description("A columnar database for time series and analytics."), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(context.Background(), (*context.Context)(nil)))
	if err != nil {
		fmt.Fprintln(s.err, "aegis:", err)
		return exitFailed
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(s.err, "aegis: %v; `aegis --help` lists what there is\n", err)
		return exitUsage
	}
	return report(s, parsed.Run(s))
}

// report prints an error on one line, with what to do about it, and gives the exit status.
func report(s streams, err error) int {
	var usage usageError
	var shown shownError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &shown):
		return exitFailed
	}
	text := strings.ReplaceAll(err.Error(), "\n", " ")
	var classed *column.Error
	if errors.As(err, &classed) && classed.Hint != "" {
		text += ". " + classed.Hint
	}
	fmt.Fprintln(s.err, "aegis:", text)
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(s streams) error {
	_, err := fmt.Fprintln(s.out, "aegis", version)
	return err
}
