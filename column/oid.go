package column

// oids are PostgreSQL's numbers of the types and of the arrays of them, which clients know values by. timestamp_ns, which PostgreSQL does not have,
// has numbers of the range that it leaves to whoever sets up a database.
var oids = [kindEnd]struct{ of, array uint32 }{
	Unknown: {705, 0}, Bool: {16, 1000}, Int16: {21, 1005}, Int32: {23, 1007}, Int64: {20, 1016}, Float32: {700, 1021}, Float64: {701, 1022},
	Numeric: {1700, 1231}, Text: {25, 1009}, Bytea: {17, 1001}, Date: {1082, 1182}, Timestamp: {1114, 1115}, TimestampTZ: {1184, 1185},
	TimestampNS: {16000, 16001}, IntervalKind: {1186, 1187}, JSON: {114, 199}, Varchar: {1043, 1015}, BpChar: {1042, 1014},
	UUID: {2950, 2951}, Time: {1083, 1183}, TimeTZ: {1266, 1270}, JSONB: {3802, 3807}, OID: {26, 1028}, Name: {19, 1003},
	InternalChar: {18, 1002}, RegClass: {2205, 2210}, RegType: {2206, 2211}, RegProc: {24, 1008}, RegProcedure: {2202, 2207},
	RegNamespace: {4089, 4090}, RegRole: {4096, 4097}, int2Element: {22, 1006}, oidElement: {30, 1013}, Record: {2249, 2287}, JSONPath: {4072, 4073},
}

// OID is PostgreSQL's number of the type; 0 if it has none.
func (t Type) OID() uint32 {
	switch {
	case t.IsVector():
		return oids[t.Elem].of
	case t.Kind == Array && t.Elem.isElement():
		return oids[t.Elem].array
	case t.Kind < kindEnd:
		return oids[t.Kind].of
	}
	return 0
}

// TypeOfOID finds the type that a number stands for.
func TypeOfOID(oid uint32) (Type, bool) {
	for k := Bool; k < kindEnd; k++ {
		if !k.isElement() || oid == 0 {
			continue
		}
		switch oid {
		case oids[k].of:
			return T(k), true
		case oids[k].array:
			return ArrayOf(T(k)), true
		}
	}
	for _, t := range []Type{Int2Vector, OIDVector} {
		if oid == t.OID() {
			return t, true
		}
	}
	return Type{}, false
}

// typeWords are PostgreSQL's internal names of the types.
var typeWords = [kindEnd]string{
	"unknown", "bool", "int2", "int4", "int8", "float4", "float8", "numeric", "text", "bytea", "date", "timestamp", "timestamptz", "timestamp_ns",
	"interval", "json", "varchar", "bpchar", "uuid", "time", "timetz", "jsonb", "oid", "name", "char", "regclass", "regtype", "regproc",
	"regprocedure", "regnamespace", "regrole", "anyarray", "int2vector", "oidvector", "record", "jsonpath",
}

// Word is the type's internal name, the one pg_type lists: int4, _int4.
func (t Type) Word() string {
	switch {
	case t.IsVector():
		return typeWords[t.Elem]
	case t.Kind == Array && t.Elem.isElement():
		return "_" + typeWords[t.Elem]
	case t.Kind < kindEnd:
		return typeWords[t.Kind]
	}
	return ""
}

// TypeOfWord finds the type of an internal name.
func TypeOfWord(word string) (Type, bool) {
	for _, t := range []Type{Int2Vector, OIDVector} {
		if word == typeWords[t.Elem] {
			return t, true
		}
	}
	for k := Bool; k < kindEnd; k++ {
		switch {
		case !k.isElement():
		case typeWords[k] == word:
			return T(k), true
		case len(word) > 1 && word[0] == '_' && typeWords[k] == word[1:]:
			return ArrayOf(T(k)), true
		}
	}
	return Type{}, false
}
