package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/automatanexus/aegis-db/api/auth"
	"github.com/automatanexus/aegis-db/column"
)

// userKey is where a request's context has the name of its user.
type userKey struct{}

// userOf is who a request is from; "" while there are no users.
func userOf(r *http.Request) string {
	name, _ := r.Context().Value(userKey{}).(string)
	return name
}

// login lets requests pass that come with a user's name and password, as soon as there are users. Health may always be asked, by machines
// that have no password.
func (s *Server) login(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.options.Trusted || r.URL.Path == "/health" || strings.HasPrefix(r.URL.Path, "/health/") {
			next.ServeHTTP(w, r)
			return
		}
		if s.checker == nil {
			s.fail(w, column.Errorf(column.Internal, "no random numbers to check passwords with"))
			return
		}
		if s.checker.Open() {
			next.ServeHTTP(w, r)
			return
		}
		user, password, given := credentials(r)
		switch {
		case !given:
			w.Header().Set("WWW-Authenticate", `Basic realm="aegis", charset="UTF-8"`)
			s.fail(w, &statusError{
				status: http.StatusUnauthorized, code: "UNAUTHORIZED", text: "this server has users: log in with name and password", hint: "Send them by HTTP's Basic authentication.",
			})
		case !s.checker.Check(user, password):
			w.Header().Set("WWW-Authenticate", `Basic realm="aegis", charset="UTF-8"`)
			s.fail(w, &statusError{status: http.StatusUnauthorized, code: "UNAUTHORIZED", text: auth.Failed(user).Error()})
		default:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), userKey{}, user)))
		}
	})
}

// credentials reads Basic authentication, or the token of InfluxDB's clients, which is name:password where a database has no tokens.
func credentials(r *http.Request) (user, password string, given bool) {
	if user, password, given = r.BasicAuth(); given {
		return user, password, true
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Token "); ok {
		return strings.Cut(token, ":")
	}
	return "", "", false
}

// user is one line of the list of users.
type user struct {
	Username string `json:"username"`
	Admin    bool   `json:"admin"`
	Password bool   `json:"has_password"`
}

// users lists the users, to admins.
func (s *Server) users(w http.ResponseWriter, r *http.Request) {
	if !s.options.Trusted && !s.checker.Admin(userOf(r)) {
		s.fail(w, column.SQLErrorf(column.Denied, "42501", "permission denied: only a superuser lists users"))
		return
	}
	list := []user{}
	for _, u := range s.db.Catalog().Users() {
		list = append(list, user{u.Name, u.Admin, u.Verifier != ""})
	}
	writeJSON(w, http.StatusOK, struct {
		Success bool   `json:"success"`
		Data    []user `json:"data"`
	}{true, list})
}
