package lineproto

import (
	"context"
	"errors"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
)

// change makes the tables and columns that lines ask for, as far as they are not there by now. What others have made in another way
// in the meantime shows when the lines are read again.
func (r *Receiver) change(ctx context.Context, target Target, d *decoder, report *Report) error {
	// One request at a time: of many that bring the same new column all but one find it made.
	r.changing.Lock()
	defer r.changing.Unlock()
	for _, t := range d.order {
		if !t.counted && len(t.newTags) == 0 && len(t.newFields) == 0 {
			continue
		}
		err := changeTable(ctx, target, t, report)
		if err != nil && !errors.Is(err, column.Conflict) && !errors.Is(err, column.NotFound) {
			return err
		}
	}
	return nil
}

func changeTable(ctx context.Context, target Target, t *table, report *Report) error {
	now := target.Catalog.Snapshot().Table(target.Database, meta.PublicSchema, t.name)
	if now == nil {
		if t.table != nil {
			return nil // dropped a moment ago: the lines say anew what it needs
		}
		return createTable(ctx, target, t, report)
	}
	if err := addColumns(ctx, target, now, t.newTags, true, report); err != nil {
		return err
	}
	now = target.Catalog.Snapshot().TableByID(now.ID)
	if now == nil {
		return nil
	}
	return addColumns(ctx, target, now, t.newFields, false, report)
}

// createTable makes the table of a measurement: time, tags, fields; rows of one series and time are one, whose fields are each
// what was written last.
func createTable(ctx context.Context, target Target, t *table, report *Report) error {
	timeField := t.time
	timeField.ID = 1
	s := column.Schema{Fields: []column.Field{timeField}, Time: timeField.ID, Merge: true, Partition: dayNanos}
	add := func(m *member) column.ID {
		f := m.field
		f.ID = column.ID(len(s.Fields) + 1)
		s.Fields = append(s.Fields, f)
		return f.ID
	}
	for _, m := range t.newTags {
		s.Tags = append(s.Tags, add(m))
	}
	for _, m := range t.newFields {
		add(m)
	}
	s.Key = append(append(s.Key, s.Tags...), s.Time)
	got, err := target.Catalog.Propose(ctx, meta.Command{CreateTable: &meta.CreateTable{
		Database: target.Database, Schema: meta.PublicSchema, Name: t.name, Columns: s, IfNotExists: true,
	}})
	if err == nil && !got.Existed {
		report.Tables++
	}
	return err
}

func addColumns(ctx context.Context, target Target, now *meta.Table, members []*member, tags bool, report *Report) error {
	var fields []column.Field
	for _, m := range members {
		if now.Columns.Lookup(m.field.Name) < 0 {
			fields = append(fields, m.field)
		}
	}
	if len(fields) == 0 {
		return nil
	}
	_, err := target.Catalog.Propose(ctx, meta.Command{AddColumns: &meta.AddColumns{
		Table: now.ID, From: now.Columns.Version, Columns: fields, Tags: tags,
	}})
	if err == nil {
		report.Columns += len(fields)
	}
	return err
}
