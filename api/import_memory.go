package api

import (
	"context"
	"strconv"

	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/scan"
)

// The list of imports is an ordinary table, so that what it says is committed with the rows that it is about. Its schema must not have the name of a
// user: that user's tables would be made in it, by way of "$user" in the search path.
const (
	makeImportSchema = `CREATE SCHEMA IF NOT EXISTS aegis_meta`
	makeImportTable  = `CREATE TABLE IF NOT EXISTS aegis_meta.imports (
		table_number bigint NOT NULL, import text NOT NULL, table_name text NOT NULL, rows bigint NOT NULL, whole boolean NOT NULL, changed timestamptz NOT NULL,
		PRIMARY KEY (table_number, import))`
	findTable    = `SELECT to_regclass($1)::oid::bigint`
	findImport   = `SELECT rows, whole FROM aegis_meta.imports WHERE table_number = $1 AND import = $2`
	rememberRows = `INSERT INTO aegis_meta.imports VALUES ($1, $2, $3, $4, $5, now())
		ON CONFLICT (table_number, import) DO UPDATE SET rows = excluded.rows, whole = excluded.whole, changed = excluded.changed`
	// Who imports under ever new names shall not have a list that only grows.
	forgetOld = `DELETE FROM aegis_meta.imports WHERE changed < now() - interval '90 days'`
)

// remembered looks up what is in the table of an import that has a name.
func (i *importing) remembered(ctx context.Context) error {
	if i.id == "" {
		return nil
	}
	for _, text := range []string{makeImportSchema, makeImportTable, forgetOld} {
		if _, err := i.ask(ctx, text); err != nil {
			return err
		}
	}
	if err := i.find(ctx); err != nil || i.number == "" || i.again {
		i.forget()
		return err
	}
	row, err := i.ask(ctx, findImport, i.number, i.id)
	if err != nil || row == nil {
		i.forget()
		return err
	}
	i.before, err = strconv.ParseInt(*row[0], 10, 64)
	i.whole = *row[1] == "t"
	return err
}

// forget has a table that there is and that the import knows nothing of meet CREATE TABLE, if that is asked for.
func (i *importing) forget() {
	if i.create {
		i.number = ""
	}
}

// find looks the table's number up.
func (i *importing) find(ctx context.Context) error {
	row, err := i.ask(ctx, findTable, i.sqlName())
	if err == nil && row != nil && row[0] != nil {
		i.number = *row[0]
	}
	return err
}

// remember notes how many rows of the file are in the table, in the transaction that has the last of them.
func (i *importing) remember(ctx context.Context, whole bool) error {
	if i.number == "" {
		if err := i.find(ctx); err != nil {
			return err
		}
	}
	_, err := i.ask(ctx, rememberRows, i.number, i.id, i.table, strconv.FormatInt(i.before+i.added+i.waiting, 10), strconv.FormatBool(whole))
	return err
}

// rowTexts gives the first row of a batch.
func rowTexts(b *scan.Batch) []*string {
	out := make([]*string, len(b.Columns))
	for k, v := range b.Columns {
		if !v.IsNull(0) {
			text := string(literal.Append(nil, v, 0, literal.Options{}))
			out[k] = &text
		}
	}
	return out
}
