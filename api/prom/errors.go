package prom

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	prometheus "github.com/prometheus/prometheus/promql"

	"github.com/automatanexus/aegis-db/column"
)

// failure is an error as Prometheus tells it: a type, which clients look at, and a text.
type failure struct {
	kind string
	err  error
}

// The types of errors.
const (
	badData     = "bad_data"
	execution   = "execution"
	timeout     = "timeout"
	canceled    = "canceled"
	unavailable = "unavailable"
	internal    = "internal"
	notFound    = "not_found"
)

// statusClientClosed is nginx's status for clients that left before they were answered; Prometheus uses it as well.
const statusClientClosed = 499

var statusOf = map[string]int{
	badData: http.StatusBadRequest, execution: http.StatusUnprocessableEntity, timeout: http.StatusServiceUnavailable,
	canceled: statusClientClosed, unavailable: http.StatusServiceUnavailable, internal: http.StatusInternalServerError,
	notFound: http.StatusNotFound,
}

// bad refuses a parameter.
func bad(parameter string, err error) answer {
	return answer{failed: &failure{badData, fmt.Errorf("invalid parameter %q: %w", parameter, err)}}
}

// refused is an answer that consists of an error in the request.
func refused(err error) answer { return answer{failed: &failure{badData, err}} }

// failed is an answer that consists of an error of a query.
func failed(err error) answer { return answer{failed: classify(err)} }

// internalText is all that a client learns about a fault of ours; the log has the rest.
const internalText = "internal error; the server's log has the details under this answer's x-request-id"

// classify finds the type of an error that the engine or the storage gave.
func classify(err error) *failure {
	var wasCanceled prometheus.ErrQueryCanceled
	var timedOut prometheus.ErrQueryTimeout
	var storage prometheus.ErrStorage
	var ours *column.Error
	switch {
	case errors.As(err, &wasCanceled):
		return &failure{canceled, err}
	case errors.As(err, &timedOut):
		return &failure{timeout, err}
	case errors.As(err, &ours):
		return &failure{kindOf(ours.Class), err}
	case errors.As(err, &storage):
		return &failure{internal, err}
	case errors.Is(err, context.Canceled):
		return &failure{canceled, err}
	}
	return &failure{execution, err}
}

func kindOf(c column.Class) string {
	switch c {
	case column.Internal, column.Corrupt:
		return internal
	case column.NotFound:
		return notFound
	case column.Overloaded:
		return unavailable
	case column.Cancelled:
		return canceled
	}
	return execution
}

// text is what a client is told.
func (f *failure) text() string {
	if f.kind == internal {
		return internalText
	}
	return f.err.Error()
}
