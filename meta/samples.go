package meta

import "github.com/automatanexus/aegis-db/column"

// day is the length of a partition of samples in microseconds: a few segments of some 100 MB per day at 100,000 samples
// a second, and retention that cuts to the day.
const day = 24 * 60 * 60 * 1_000_000

// SamplesSchema is the table prometheus.samples, which holds every metric of a database: one row per sample.
// labels is a canonical JSON object without the metric's name. A NULL value is a stale marker. histogram is reserved for
// native histograms and start_ts for start timestamps: both are there from the first version on so that segments written
// before they are used need no conversion.
func SamplesSchema() column.Schema {
	const metric, labels, ts, value, startTS, histogram = 1, 2, 3, 4, 5, 6
	return column.Schema{
		Version: 1,
		Fields: []column.Field{
			{ID: metric, Name: "metric", Type: column.T(column.Text)},
			{ID: labels, Name: "labels", Type: column.T(column.JSON)},
			{ID: ts, Name: "ts", Type: column.T(column.TimestampTZ), NotNull: true},
			{ID: value, Name: "value", Type: column.T(column.Float64)},
			{ID: startTS, Name: "start_ts", Type: column.T(column.TimestampTZ)},
			{ID: histogram, Name: "histogram", Type: column.T(column.Bytea)},
		},
		Tags:      []column.ID{metric, labels},
		Time:      ts,
		Key:       []column.ID{metric, labels, ts},
		Partition: day,
		LabelSets: true,
	}
}

// MetadataSchema is the table prometheus.metadata: one row per metric, the newest description that came. ts is when it came.
func MetadataSchema() column.Schema {
	const metric, ts, kind, unit, help = 1, 2, 3, 4, 5
	return column.Schema{
		Version: 1,
		Fields: []column.Field{
			{ID: metric, Name: "metric", Type: column.T(column.Text), NotNull: true},
			{ID: ts, Name: "ts", Type: column.T(column.TimestampTZ), NotNull: true},
			{ID: kind, Name: "type", Type: column.T(column.Text), NotNull: true},
			{ID: unit, Name: "unit", Type: column.T(column.Text), NotNull: true},
			{ID: help, Name: "help", Type: column.T(column.Text), NotNull: true},
		},
		Tags: []column.ID{metric},
		Key:  []column.ID{metric},
	}
}
