//go:build linux

package oracletest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// catalogFiles are the files of query/catalog that hold facts of PostgreSQL, and the queries that give them, a line a row.
var catalogFiles = map[string]string{
	"shapes.txt": `SELECT CASE WHEN a.attnum = 1 THEN format(E'\n%s.%s %s %s %s\n', n.nspname, c.relname, c.oid, c.reltype, c.relkind) ELSE '' END
		|| format('%s %s%s', a.attname, CASE t.typname WHEN 'sql_identifier' THEN 'name' WHEN 'character_data' THEN 'varchar' WHEN 'yes_or_no' THEN 'varchar'
			WHEN 'cardinal_number' THEN 'int4' WHEN 'time_stamp' THEN 'timestamptz'
			WHEN 'pg_node_tree' THEN 'text' WHEN 'aclitem' THEN 'text' WHEN '_aclitem' THEN '_text' WHEN 'anyarray' THEN 'text' WHEN 'xid' THEN 'int8'
			WHEN 'pg_lsn' THEN 'text' WHEN 'inet' THEN 'text' WHEN 'pg_mcv_list' THEN 'bytea' WHEN 'pg_ndistinct' THEN 'bytea'
			WHEN 'pg_dependencies' THEN 'bytea' WHEN '_pg_statistic' THEN '_text' ELSE t.typname END, CASE WHEN a.attnotnull THEN ' !' ELSE '' END)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
		WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped
		AND c.relname NOT IN ('pg_shmem_allocations', 'pg_backend_memory_contexts', 'pg_config', 'pg_file_settings', 'pg_hba_file_rules',
			'pg_ident_file_mappings', 'pg_stat_bgwriter', 'pg_stat_wal', 'pg_stat_slru', 'pg_stat_archiver', 'pg_stat_recovery_prefetch',
			'pg_largeobject', 'pg_stat_gssapi')
		ORDER BY n.nspname DESC, c.relname, a.attnum`,
	"functions.txt": `SELECT format('%s %s %s %s', oid, proname, proargtypes, prorettype) FROM pg_proc
		WHERE prokind IN ('f', 'a', 'w') AND pronamespace = 11 ORDER BY proname, proargtypes::text`,
	"operators.txt": `SELECT format('%s %s %s %s', oid, oprname, oprleft, oprright) FROM pg_operator ORDER BY oprname, oprleft, oprright`,
	"types.txt": `SELECT concat_ws(' ', t.oid, typname, typlen, typbyval::int, typtype, typcategory, typispreferred::int, typdelim, typelem, typarray,
			typsubscript::oid, typinput::oid, typoutput::oid, typreceive::oid, typsend::oid, typmodin::oid, typmodout::oid, typalign, typstorage, typcollation)
		FROM pg_type t WHERE t.typname = ANY(` + valueTypes + ` || '{unknown,oidvector,int2vector,xid,cid,tid,record,anyelement,anyarray,any,void,trigger,internal,
			cstring,_record,pg_node_tree,aclitem,anynonarray,anyenum,anycompatible,anycompatiblearray,event_trigger}')
		OR (typelem <> 0 AND typlen = -1 AND EXISTS (SELECT 1 FROM pg_type e WHERE e.oid = t.typelem AND e.typname = ANY(` + valueTypes + `)))
		ORDER BY t.oid`,
}

const valueTypes = `'{bool,int2,int4,int8,float4,float8,numeric,text,bytea,date,timestamp,timestamptz,interval,json,varchar,bpchar,uuid,time,timetz,
	jsonb,jsonpath,oid,name,char,regclass,regtype,regproc,regprocedure,regnamespace,regrole}'::text[]`

// catalogFacts holds the files of facts to PostgreSQL, which writes them if -update is given.
func catalogFacts(t *testing.T, s *sides) {
	for name, query := range catalogFiles {
		o := askPostgres(s.postgres, query)
		if o.state != "" {
			t.Fatal(o.message)
		}
		var b strings.Builder
		for _, row := range o.rows {
			b.WriteString(row[0] + "\n")
		}
		path := filepath.Join("../../../query/catalog", name)
		if *update {
			if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != b.String() {
			t.Errorf("query/catalog/%s is not what PostgreSQL says (%v): run with -update, and look at the difference", name, err)
		}
	}
}

// systemRelations reads every system relation on both sides: it has the same columns in the same order, of the same types as far as Aegis has
// them, and no NULL where PostgreSQL has none.
func systemRelations(t *testing.T, s *sides) {
	list := askPostgres(s.postgres, `SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v') ORDER BY 1`)
	read := 0
	session := s.variants[3].session
	for _, row := range list.rows {
		got := askAegis(session, "SELECT * FROM "+row[0])
		if got.state == "42P01" {
			continue // left out on purpose: see shapes.txt
		}
		read++
		if got.state != "" {
			t.Errorf("%s: %s %s", row[0], got.state, got.message)
			continue
		}
		want := askPostgres(s.postgres, "SELECT * FROM "+row[0]+" LIMIT 0")
		if strings.Join(got.names, " ") != strings.Join(want.names, " ") {
			t.Errorf("%s has columns %v, in PostgreSQL %v", row[0], got.names, want.names)
			continue
		}
		notNull := map[string]bool{}
		for _, c := range askPostgres(s.postgres, "SELECT attname FROM pg_attribute WHERE attnotnull AND attnum > 0 AND attrelid = '"+row[0]+"'::regclass").rows {
			notNull[c[0]] = true
		}
		for i, name := range got.names {
			for _, r := range got.rows {
				if notNull[name] && r[i] == null {
					t.Errorf("%s.%s is NULL in %v", row[0], name, r)
					break
				}
			}
		}
	}
	if read < 180 {
		t.Errorf("only %d relations are there", read)
	}
}
