package setting

import "github.com/automatanexus/aegis-db/column"

// Version is the PostgreSQL version whose behaviour clients may expect, as server_version says it.
const (
	Version       = "15.0 (Aegis)"
	VersionNumber = "150000"
)

// facts are the settings that nobody can change in a session.
var facts = []*Definition{
	{Name: "server_version", Kind: String, Context: Internal, Default: Version, Category: preset, Doc: "PostgreSQL version whose behaviour Aegis follows."},
	{Name: "server_version_num", Kind: Integer, Context: Internal, Default: VersionNumber, Min: 150000, Max: 150000, Category: preset, Doc: "The same as a number."},
	{Name: "server_encoding", Kind: String, Context: Internal, Default: "UTF8", Category: preset, Doc: "Encoding of text in the database."},
	{Name: "integer_datetimes", Kind: Bool, Context: Internal, Default: "on", Category: preset, Doc: "Time stamps are integers."},
	{Name: "max_identifier_length", Kind: Integer, Context: Internal, Default: "63", Min: 63, Max: 63, Category: preset, Doc: "Longest name, in bytes."},
	{Name: "max_index_keys", Kind: Integer, Context: Internal, Default: "32", Min: 32, Max: 32, Category: preset, Doc: "Most columns of a key that clients may expect."},
	{Name: "max_function_args", Kind: Integer, Context: Internal, Default: "100", Min: 100, Max: 100, Category: preset, Doc: "Most arguments of a function."},
	{Name: "block_size", Kind: Integer, Context: Internal, Default: "8192", Min: 8192, Max: 8192, Category: preset, Doc: "Size of a block that relpages counts."},
	{Name: "lc_collate", Kind: String, Context: Internal, Default: "C", Category: preset, Doc: "Order of text: by its bytes."},
	{Name: "lc_ctype", Kind: String, Context: Internal, Default: "C.UTF-8", Category: preset, Doc: "Classes of characters."},
	{Name: "in_hot_standby", Kind: Bool, Context: Internal, Default: "off", Category: preset, Doc: "Whether the server only follows another."},
	{Name: "data_checksums", Kind: Bool, Context: Internal, Default: "on", Category: preset, Doc: "Every stored byte is covered by a checksum."},
	{Name: "is_superuser", Kind: Bool, Context: Internal, Default: "on", Category: preset, Hidden: true, Doc: "Whether the user may do everything."},
	{Name: "session_authorization", Kind: String, Context: User, Category: preset, Hidden: true, check: checkRole, Doc: "The session's user."},
	{Name: "role", Kind: String, Context: User, Default: "none", Category: preset, Hidden: true, check: checkRole, Doc: "The role whose rights are used."},
	{Name: "ssl", Kind: Bool, Context: Postmaster, Default: "off", Category: tls, Doc: "Whether connections may be encrypted."},
	{Name: "port", Kind: Integer, Context: Postmaster, Default: "5432", Min: 1, Max: 65535, Category: connections, Doc: "Port of the PostgreSQL protocol."},
	{Name: "max_connections", Kind: Integer, Context: Postmaster, Default: "100", Min: 1, Max: 262143, Category: connections, Doc: "Most connections of the PostgreSQL protocol."},
	{Name: "wal_level", Kind: Enum, Context: Postmaster, Default: "replica", Values: []string{"minimal", "replica", "logical"}, Category: wal, Doc: "What the log records."},
	{Name: "fsync", Kind: Bool, Context: Postmaster, Default: "on", Category: wal, Doc: "What is acknowledged is on disk."},
}

// checkRole lets a session be whom it is already.
func checkRole(v *Values, text string) (string, error) {
	switch text {
	case "none", "":
		return "none", nil
	case v.User:
		return text, nil
	}
	return "", column.SQLErrorf(column.Invalid, "22023", "role \"%s\" does not exist", text)
}
